// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/core/dtype.hpp>
#include <typegrad/evaluators/machine_limits.hpp>
#include <typegrad/evaluators/thrust/launch.hpp>
#include <typegrad/evaluators/thrust/library.hpp>
#include <typegrad/evaluators/thrust/marks.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

#if !TYPEGRAD_CUDA
#include <typegrad/evaluators/cpu/limits.hpp>

#include <thread>
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
#include <omp.h>
#endif
#endif

// What the device can do at most.

TYPEGRAD_ON_THRUST_BEGIN

/// What products are computed in, as far as the device's limit depends on it.
enum class product_type { float32, tensor_float32, bfloat16, float16 };

#if TYPEGRAD_CUDA

/// Independent chains of fused multiply-adds.
struct multiply_add_kernel {
  struct arguments {
    float* out;
  };
  static constexpr int chains = 8, turns = 4096;
  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    float sums[chains];
    TYPEGRAD_UNROLLED
    for (int i = 0; i < chains; ++i) sums[i] = static_cast<float>(u + i);
    for (int t = 0; t < turns; ++t) {
      TYPEGRAD_UNROLLED
      for (int i = 0; i < chains; ++i) sums[i] = fmaf(sums[i], 0.999F, 0.001F);
    }
    float all = 0;
    TYPEGRAD_UNROLLED
    for (int i = 0; i < chains; ++i) all += sums[i];
    a.out[u] = all;
  }
};

namespace detail {

inline constexpr std::int64_t library_edge = 4096;  ///< of the matrices that it multiplies

/// cuBLASLt's product of two square matrices, `memory` having room for the three.
inline void multiply_squares(queue& q, std::byte* memory, product_type type) {
  constexpr std::int64_t n = library_edge;
  std::int64_t const bytes = n * n * (type == product_type::tensor_float32 ? 4 : 2);
  library_product p;
  p.rows = p.columns = p.inner = n;
  p.a = memory, p.a_row = n, p.a_inner = 1;
  p.b = memory + bytes, p.b_inner = n, p.b_column = 1;
  p.c = memory + 2 * bytes;
  p.operand_type = p.result_type = type == product_type::bfloat16  ? CUDA_R_16BF
                                   : type == product_type::float16 ? CUDA_R_16F
                                                                   : CUDA_R_32F;
  p.tensor_float32 = type == product_type::tensor_float32;
  library_of(q).multiply(q, p);
}

}  // namespace detail

inline std::string device_name() {
  int device = 0;
  cudaDeviceProp properties{};
  check(cudaGetDevice(&device), "looking for a device");
  check(cudaGetDeviceProperties(&properties, device), "looking at the device");
  return properties.name;
}

/// Measures both limits: the best of some tries. Arithmetic is that of the processors' own fused
/// multiply-adds in float32; where products run on tensor cores, what cuBLASLt reaches with large
/// matrices, if there is memory for them.
inline machine_limits measure_limits(queue& q, product_type type) {
  std::size_t free = 0, all = 0;
  check(cudaMemGetInfo(&free, &all), "asking for free memory");
  constexpr std::int64_t most = std::int64_t{256} << 20;
  std::int64_t const half = std::min(most, static_cast<std::int64_t>(free) / 4) / 256 * 256;
  device_memory const memory(2 * half, "measuring the device");
  int device = 0, processors = 0;
  check(cudaGetDevice(&device), "looking for a device");
  check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device),
        "looking at the device");
  std::int64_t const units =
      std::min(std::int64_t{2048} * processors, half / std::int64_t{sizeof(float)});
  time_marks marks(2);
  auto const rate = [&](double amount, auto const& work) {
    double best = 0;
    for (int i = 0; i < 12; ++i) {
      marks.make(q, 0);
      work();
      marks.make(q, 1);
      q.finish();
      best = std::max(best, amount / std::max(marks.seconds(0), 1e-9));
    }
    return best;
  };
  machine_limits limits;
  limits.bytes = rate(2 * static_cast<double>(half),
                      [&] { q.copy(memory.as<>(), memory.as<>() + half, half); });
  constexpr double each = 2.0 * multiply_add_kernel::chains * multiply_add_kernel::turns;
  limits.flops = rate(each * static_cast<double>(units),
                      [&] { launch_units<multiply_add_kernel>(q, units, {memory.as<float>()}); });
  constexpr std::int64_t n = detail::library_edge;
  if (type != product_type::float32 && 2 * half >= 3 * 4 * n * n)
    limits.flops =
        std::max(limits.flops,
                 rate(2.0 * n * n * n, [&] { detail::multiply_squares(q, memory.as<>(), type); }));
  return limits;
}

#else

inline int device_threads() {
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
  return omp_get_max_threads();
#elif THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_TBB
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
#else
  return 1;
#endif
}

/// Thrust's host systems have the processor's limits.
inline std::string device_name() {
  int const threads = device_threads();
  return "Thrust on the CPU, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}
inline machine_limits measure_limits(queue&, product_type) {
  std::int64_t const count = std::int64_t{16} << 20;
  aligned_buffer<float> memory(2 * count);
  return on_cpu::measure_limits(device_threads(), memory.data(), count);
}

#endif

TYPEGRAD_ON_THRUST_END

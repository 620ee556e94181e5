// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/machine_limits.hpp>
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

namespace detail {

inline constexpr int fma_chains = 8, fma_turns = 4096;

/// Independent chains of fused multiply-adds. (A kernel without Thrust, as every program on the
/// device has it.)
template <int Chains>
__global__ void multiply_and_add(float* out) {
  std::int64_t const at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  float sums[Chains];
  TYPEGRAD_UNROLLED
  for (int i = 0; i < Chains; ++i) sums[i] = static_cast<float>(at + i);
  for (int t = 0; t < fma_turns; ++t) {
    TYPEGRAD_UNROLLED
    for (int i = 0; i < Chains; ++i) sums[i] = fmaf(sums[i], 0.999F, 0.001F);
  }
  float all = 0;
  TYPEGRAD_UNROLLED
  for (int i = 0; i < Chains; ++i) all += sums[i];
  out[at] = all;
}

/// Ordinary numbers, whatever type one reads them as: of magnitude 0.5 to 2.
template <int = 0>
__global__ void fill_with_numbers(unsigned* words) {
  std::int64_t const at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  unsigned const scrambled = static_cast<unsigned>(at) * 2654435761U;
  words[at] = ((scrambled ^ scrambled >> 15) & 0x807f807fU) | 0x3f003f00U;
}

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
  constexpr std::int64_t grain = 1024;
  std::int64_t const half =
      std::max(std::min(most, static_cast<std::int64_t>(free) / 4) / grain, std::int64_t{1}) *
      grain;
  device_memory const memory(2 * half, "measuring the device");
  int device = 0, processors = 0;
  check(cudaGetDevice(&device), "looking for a device");
  check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device),
        "looking at the device");
  constexpr int threads = 256;
  auto const blocks = static_cast<unsigned>(half / threads / std::int64_t{sizeof(float)});
  detail::fill_with_numbers<<<blocks, threads, 0, q.stream()>>>(memory.as<unsigned>());
  detail::fill_with_numbers<<<blocks, threads, 0, q.stream()>>>(
      memory.as<unsigned>() + half / std::int64_t{sizeof(unsigned)});
  check(cudaGetLastError(), "launching a kernel");

  time_marks marks(2);
  auto const rate = [&](double amount, auto const& work) {
    constexpr int turns = 4;
    recording const recorded = q.capture([&] {
      for (int i = 0; i < turns; ++i) work();
    });
    double best = 0;
    for (int i = 0; i < 8; ++i) {
      q.replay(recorded);  // so that the device does not wait for the host at the first mark
      marks.make(q, 0);
      q.replay(recorded);
      marks.make(q, 1);
      q.finish();
      best = std::max(best, turns * amount / std::max(marks.seconds(0), 1e-9));
    }
    return best;
  };
  machine_limits limits;
  limits.bytes = rate(2 * static_cast<double>(half),
                      [&] { q.copy(memory.as<>(), memory.as<>() + half, half); });
  unsigned const busy = std::min(blocks, 8 * static_cast<unsigned>(processors));
  constexpr double each = 2.0 * detail::fma_chains * detail::fma_turns * threads;
  limits.flops = rate(each * busy, [&] {
    detail::multiply_and_add<detail::fma_chains>
        <<<busy, threads, 0, q.stream()>>>(memory.as<float>());
    check(cudaGetLastError(), "launching a kernel");
  });
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
  return on_cpu::measure_limits(device_threads());
}

#endif

TYPEGRAD_ON_THRUST_END

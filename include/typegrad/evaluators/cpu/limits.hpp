// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/core/each_index.hpp>
#include <typegrad/evaluators/cpu/team.hpp>
#include <typegrad/evaluators/cpu/xsimd.hpp>
#include <typegrad/evaluators/machine_limits.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

// What the machine can do at most: what a kernel's time is compared with.

namespace typegrad::on_cpu {

namespace detail {

inline constexpr int fma_chains = 12;  // enough to hide the latency, few enough for the registers

template <class Arch>
float multiply_and_add(std::int64_t turns) noexcept {
  using vector = xsimd::batch<float, Arch>;
  vector sums[fma_chains];
  for (int i = 0; i < fma_chains; ++i) sums[i] = vector(static_cast<float>(i));
  vector const a(0.999F), c(0.001F);
  for (std::int64_t t = 0; t < turns; ++t)
    each_index<fma_chains>(
        [&]<int I>() __attribute__((always_inline)) { sums[I] = xsimd::fma(sums[I], a, c); });
  for (int i = 1; i < fma_chains; ++i) sums[0] += sums[i];
  return sums[0].get(0);
}

}  // namespace detail

/// Measures both, for so many threads, in about a tenth of a second. Others may use the machine as
/// well: the best of many short tries counts, for arithmetic that of each thread.
template <class Arch = xsimd::default_arch>
machine_limits measure_limits(int threads) {
  constexpr std::int64_t count = std::int64_t{16} << 20;  // more than the caches hold
  aligned_buffer<float> room(2 * count);
  float* const memory = room.data();
  using clock = std::chrono::steady_clock;
  auto const seconds_since = [](clock::time_point start) {
    return std::chrono::duration<double>(clock::now() - start).count();
  };
  constexpr std::int64_t turns = 50'000;
  constexpr double products =
      double(turns) * detail::fma_chains * static_cast<double>(xsimd::batch<float, Arch>::size);
  std::fill(memory, memory + 2 * count, 1.0F);  // takes the pages
  std::atomic<double> flops = 0;
  run_team(threads, [&](team const& members) {
    double least = 1e9;
    for (int i = 0; i < 40; ++i) {
      members.barrier();
      auto const start = clock::now();
      memory[members.index * 64] = detail::multiply_and_add<Arch>(turns);
      least = std::min(least, seconds_since(start));
    }
    flops.fetch_add(2 * products / least);
  });
  machine_limits limits{flops.load(), 0};
  for (int i = 0; i < 12; ++i) {
    auto const start = clock::now();
    run_team(threads, [&](team const& members) {
      span_of_work const mine = members.part(count, 1024);
      std::copy(memory + mine.begin, memory + mine.end, memory + count + mine.begin);
    });
    limits.bytes = std::max(limits.bytes, 8 * static_cast<double>(count) / seconds_since(start));
  }
  return limits;
}

}  // namespace typegrad::on_cpu

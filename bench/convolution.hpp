// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <benchmark/benchmark.h>

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/cpu/convolution.hpp>

// What the benchmarks of convolutions have in common.
namespace tg = typegrad;
using tg::on_cpu::convolution_shape;

namespace {

// Multiply-adds of a sample.
constexpr double products(convolution_shape const& s) {
  double sum = 1;
  for (auto const& a : s.over.axes) {
    std::int64_t pairs = 0;
    for (std::int64_t o = 0; o < a.out; ++o) {
      for (std::int64_t t = 0; t < a.size; ++t) {
        std::int64_t const at = o * a.stride + t * a.dilation - a.low;
        pairs += at >= 0 && at < a.in;
      }
    }
    sum *= static_cast<double>(pairs);
  }
  return sum * static_cast<double>(s.group_channels() * s.filters);
}

// Calls of `run` follow one another inside one parallel region with a barrier between them, as the
// steps of a program do.
template <class Kernel>
void face(benchmark::State& state, convolution_shape const& s, std::int64_t first,
          std::int64_t second, std::int64_t result, std::int64_t stride) {
  std::int64_t const batch = state.range(0);
  int const threads = static_cast<int>(state.range(1));
  tg::aligned_buffer<float> a(first), b(second), c(result);
  for (std::int64_t i = 0; i < first; ++i) a[i] = 0.1f * static_cast<float>(i % 7) - 0.3f;
  for (std::int64_t i = 0; i < second; ++i) b[i] = 0.1f * static_cast<float>(i % 5) - 0.2f;
  tg::aligned_buffer<std::byte> scratch(
      std::max<std::int64_t>(64, static_cast<std::int64_t>(Kernel::scratch_bytes(threads))));
  for (auto _ : state) {
    tg::on_cpu::run_team(threads, [&](tg::on_cpu::team const& team) {
      for (int i = 0; i < 4; ++i) {
        Kernel::run(team, batch, a.data(), b.data(),
                    tg::on_cpu::store_epilogue<float>{c.data(), stride}, scratch.data());
        team.barrier();
      }
    });
    benchmark::ClobberMemory();
  }
  state.counters["FLOPS"] = benchmark::Counter(4 * 2.0 * static_cast<double>(batch) * products(s),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

// Square images and windows; padding "same" or none.
constexpr convolution_shape square(std::int64_t in, std::int64_t channels, std::int64_t filters,
                                   std::int64_t size, bool same, std::int64_t stride = 1,
                                   std::int64_t groups = 1) {
  std::int64_t const out = same ? (in + stride - 1) / stride : (in - size) / stride + 1;
  std::int64_t const missing = (out - 1) * stride + size - in;
  tg::window_axis const a{in, out, size, stride, 1, missing > 0 ? missing / 2 : 0};
  return {{{{}, a, a}, groups}, channels, filters};
}

template <std::int64_t... Batches>
void batches(benchmark::internal::Benchmark* b) {
  b->ArgsProduct({{Batches...}, {1, 2}})->ArgNames({"batch", "threads"})->UseRealTime();
}

}  // namespace

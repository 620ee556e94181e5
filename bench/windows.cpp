// SPDX-License-Identifier: BSL-1.0
// Pooling kernels on one batch, by threads: time, and bytes a second if every operand and the
// result go through memory once.
#include <benchmark/benchmark.h>

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/cpu/window.hpp>

#include <algorithm>

namespace tg = typegrad;
namespace on_cpu = typegrad::on_cpu;

constexpr on_cpu::pooling_shape square(std::int64_t in, std::int64_t channels, std::int64_t size,
                                       std::int64_t stride) {
  tg::window_axis const axis{in, (in - size) / stride + 1, size, stride, 1, 0};
  return {{{{}, axis, axis}, 1}, channels};
}

/// The extents of an operand or of the result.
enum class like { x, y };
template <template <on_cpu::pooling_shape, class, class> class Kernel, on_cpu::pooling_shape Shape,
          like Result, like... Operands>
static void pooling(benchmark::State& state) {
  using kernel = Kernel<Shape, float, xsimd::default_arch>;
  std::int64_t const batch = state.range(0);
  int const threads = static_cast<int>(state.range(1));
  std::int64_t const in = batch * Shape.over.positions_in() * Shape.channels;
  std::int64_t const out = batch * Shape.over.positions_out() * Shape.channels;
  auto const count = [&](like l) { return l == like::x ? in : out; };
  tg::aligned_buffer<float> a(std::max(in, out)), b(std::max(in, out)), result(count(Result));
  for (std::int64_t i = 0; i < a.size(); ++i) a[i] = b[i] = static_cast<float>(i * 7919 % 1013);
  tg::aligned_buffer<std::byte> scratch(static_cast<std::int64_t>(kernel::scratch_bytes(threads)));
  on_cpu::store_epilogue<float> const epilogue{result.data(), Shape.channels};
  for (auto _ : state) {
    on_cpu::run_team(threads, [&](on_cpu::team const& members) {
      if constexpr (sizeof...(Operands) == 1)
        kernel::run(members, batch, a.data(), epilogue, scratch.data());
      else
        kernel::run(members, batch, a.data(), b.data(), epilogue, scratch.data());
    });
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 4 * (count(Result) + ... + count(Operands)));
}

static void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"samples", "threads"})->UseRealTime();
  for (int const threads : {1, 2}) b->Args({32, threads});
}

#define TYPEGRAD_POOLING(...)                                                               \
  BENCHMARK_TEMPLATE(pooling, on_cpu::window_max_kernel, __VA_ARGS__, like::y, like::x)     \
      ->Apply(sizes);                                                                       \
  BENCHMARK_TEMPLATE(pooling, on_cpu::window_sum_kernel, __VA_ARGS__, like::y, like::x)     \
      ->Apply(sizes);                                                                       \
  BENCHMARK_TEMPLATE(pooling, on_cpu::window_spread_kernel, __VA_ARGS__, like::x, like::y)  \
      ->Apply(sizes);                                                                       \
  BENCHMARK_TEMPLATE(pooling, on_cpu::window_scatter_kernel, __VA_ARGS__, like::x, like::x, \
                     like::y)                                                               \
      ->Apply(sizes)

TYPEGRAD_POOLING(square(28, 6, 2, 2));
TYPEGRAD_POOLING(square(26, 32, 2, 2));
TYPEGRAD_POOLING(square(32, 64, 2, 2));
TYPEGRAD_POOLING(square(32, 64, 3, 2));
TYPEGRAD_POOLING(square(8, 64, 8, 8));

BENCHMARK_MAIN();

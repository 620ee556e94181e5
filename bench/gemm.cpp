// SPDX-License-Identifier: BSL-1.0
// A dense layer's products, inputs x units, by batch and threads; FLOPS stands beside that of
// `fma_peak`, chains of multiply-adds in registers. `compare/gemm_onednn.cpp` sets such products
// beside oneDNN's.
#include <benchmark/benchmark.h>

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/cpu/gemm.hpp>

namespace tg = typegrad;
using tg::on_cpu::gemm_shape;

static void fma_peak(benchmark::State& state) {
  using batch = xsimd::batch<float>;
  constexpr int chains = 16, steps = 1000;
  for (auto _ : state) {
    batch sum[chains];
    for (int i = 0; i < chains; ++i) sum[i] = batch(static_cast<float>(i));
    batch const x(1.0001f), y(0.5f);
    for (int s = 0; s < steps; ++s) {
      TYPEGRAD_UNROLL
      for (int i = 0; i < chains; ++i) sum[i] = xsimd::fma(sum[i], x, y);
    }
    batch all(0.0f);
    for (int i = 0; i < chains; ++i) all += sum[i];
    benchmark::DoNotOptimize(all.get(0));
  }
  state.counters["FLOPS"] =
      benchmark::Counter(2.0 * chains * steps * static_cast<double>(batch::size),
                         benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(fma_peak);

// Calls of `run` follow one another inside one parallel region with a barrier between them, as the
// steps of a program do.
template <gemm_shape Shape, std::int64_t StrideA, std::int64_t StrideB>
static void product(benchmark::State& state, std::int64_t m, std::int64_t k, std::int64_t n) {
  using gemm = tg::on_cpu::gemm<Shape, float>;
  int const threads = static_cast<int>(state.range(1));
  tg::aligned_buffer<float> a(m * k), b(k * n), c(m * n);
  for (std::int64_t i = 0; i < m * k; ++i) a[i] = 0.1f * static_cast<float>(i % 7) - 0.3f;
  for (std::int64_t i = 0; i < k * n; ++i) b[i] = 0.1f * static_cast<float>(i % 5) - 0.2f;
  tg::aligned_buffer<std::byte> scratch(static_cast<std::int64_t>(gemm::scratch_bytes(threads)));
  std::int64_t const calls = std::max<std::int64_t>(1, 2'000'000 / (m * k * n));
  for (auto _ : state) {
    tg::on_cpu::run_team(threads, [&](tg::on_cpu::team const& team) {
      for (std::int64_t i = 0; i < calls; ++i) {
        gemm::run(team, m, n, k, tg::on_cpu::strided<float, StrideA>{a.data()},
                  tg::on_cpu::strided<float, StrideB>{b.data()},
                  tg::on_cpu::store_epilogue<float>{c.data(), n}, scratch.data());
        team.barrier();
      }
    });
    benchmark::ClobberMemory();
  }
  state.counters["FLOPS"] =
      benchmark::Counter(2.0 * static_cast<double>(m) * static_cast<double>(k) *
                             static_cast<double>(n) * static_cast<double>(calls),
                         benchmark::Counter::kIsIterationInvariantRate);
}

template <std::int64_t Inputs, std::int64_t Units>
static void forward(benchmark::State& state) {
  product<gemm_shape{.n = Units, .k = Inputs}, Inputs, Units>(state, state.range(0), Inputs, Units);
}
// The gradient of the layer's input: B is stored transposed.
template <std::int64_t Inputs, std::int64_t Units>
static void input_gradient(benchmark::State& state) {
  product<gemm_shape{.n = Inputs, .k = Units, .transposed_b = true}, Units, Units>(
      state, state.range(0), Units, Inputs);
}
// The gradient of its weights: A is stored transposed, and contracted over the batch.
template <std::int64_t Inputs, std::int64_t Units>
static void weight_gradient(benchmark::State& state) {
  product<gemm_shape{.m = Inputs, .n = Units, .transposed_a = true}, Inputs, Units>(
      state, Inputs, state.range(0), Units);
}

template <std::int64_t... Batches>
static void batches(benchmark::internal::Benchmark* b) {
  b->ArgsProduct({{Batches...}, {1, 2}})->ArgNames({"batch", "threads"})->UseRealTime();
}

BENCHMARK_TEMPLATE(forward, 784, 128)->Apply(batches<1, 5, 32>);
BENCHMARK_TEMPLATE(weight_gradient, 784, 128)->Apply(batches<32>);
BENCHMARK_TEMPLATE(forward, 128, 10)->Apply(batches<32>);
BENCHMARK_TEMPLATE(input_gradient, 128, 10)->Apply(batches<32>);
BENCHMARK_TEMPLATE(weight_gradient, 128, 10)->Apply(batches<32>);
BENCHMARK_TEMPLATE(forward, 64, 64)->Apply(batches<1, 64>);
BENCHMARK_TEMPLATE(forward, 784, 512)->Apply(batches<128>);
BENCHMARK_TEMPLATE(input_gradient, 784, 512)->Apply(batches<32, 128>);
BENCHMARK_TEMPLATE(weight_gradient, 784, 512)->Apply(batches<128>);
BENCHMARK_TEMPLATE(forward, 1024, 1024)->Apply(batches<1024>);

BENCHMARK_MAIN();

// SPDX-License-Identifier: BSL-1.0
// Reductions that keep the last axis, by threads: bias gradients of convolutions and of dense
// layers, and both sums of batch normalization's gradient.
#include "recipes.hpp"

#include <benchmark/benchmark.h>

namespace tg = typegrad;

template <std::int64_t... Dims>
struct bias_gradient {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", {Dims...});
    tg::axis_list leading;
    for (int i = 0; i + 1 < x.rank(); ++i) leading.push_back(i);
    g.outputs.push_back(tg::build::reduce(tg::op::reduce_sum, x, leading, true).id());
    return g;
  }
};

template <std::int64_t... Dims>
struct two_sums {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", {Dims...});
    tg::symbol const y = tg::build::input(g, "y", {Dims...});
    tg::axis_list leading;
    for (int i = 0; i + 1 < x.rank(); ++i) leading.push_back(i);
    g.outputs.push_back(tg::build::reduce(tg::op::reduce_sum, x, leading, true).id());
    g.outputs.push_back(tg::build::reduce(tg::op::reduce_sum, x * y, leading, true).id());
    return g;
  }
};

template <class Recipe>
static void columns(benchmark::State& state) {
  recipes::standalone<Recipe> program(state.range(0), static_cast<int>(state.range(1)));
  for (auto _ : state) {
    program.step();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * program.bytes());
}

static void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"samples", "threads"})->UseRealTime();
  for (int const threads : {1, 2})
    for (int const samples : {32, 128}) b->Args({samples, threads});
}

BENCHMARK_TEMPLATE(columns, bias_gradient<28, 28, 6>)->Apply(sizes);
BENCHMARK_TEMPLATE(columns, bias_gradient<26, 26, 32>)->Apply(sizes);
BENCHMARK_TEMPLATE(columns, bias_gradient<32, 32, 16>)->Apply(sizes);
BENCHMARK_TEMPLATE(columns, bias_gradient<4, 4, 512>)->Apply(sizes);
BENCHMARK_TEMPLATE(columns, bias_gradient<1024>)->Apply(sizes);
BENCHMARK_TEMPLATE(columns, two_sums<32, 32, 16>)->Apply(sizes);
BENCHMARK_TEMPLATE(columns, two_sums<16, 16, 64>)->Apply(sizes);

BENCHMARK_MAIN();

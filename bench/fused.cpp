// SPDX-License-Identifier: BSL-1.0
// Fused loops and row programs, by threads: time, and bytes a second if every input and output goes
// through memory once.
#include "recipes.hpp"

#include <benchmark/benchmark.h>

template <class Recipe>
static void fused(benchmark::State& state) {
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
    for (int const samples : {32, 1024}) b->Args({samples, threads});
}

BENCHMARK_TEMPLATE(fused, recipes::chain_forward)->Apply(sizes);
BENCHMARK_TEMPLATE(fused, recipes::chain_gradient)->Apply(sizes);
BENCHMARK_TEMPLATE(fused, recipes::softmax)->Apply(sizes);
BENCHMARK_TEMPLATE(fused, recipes::layer_norm)->Apply(sizes);

BENCHMARK_MAIN();

// SPDX-License-Identifier: BSL-1.0
// Optimizer steps over flat weights, by size and threads. Bytes are those that Adam has to move: it
// reads and writes weights and two slots, and reads gradients.
#include <benchmark/benchmark.h>
#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/training/optimizers.hpp>

namespace tg = typegrad;

template <class Optimizer>
static void step(benchmark::State& state, Optimizer optimizer) {
  std::int64_t const n = state.range(0);
  tg::aligned_buffer<float> weights(n), gradients(n), slots[3];
  for (std::int64_t i = 0; i < n; ++i) {
    weights[i] = 0.01F * static_cast<float>(i % 101 - 50);
    gradients[i] = 0.001F * static_cast<float>(i % 97 - 48);
  }
  tg::training_detail::segment const all{0, n};
  tg::aligned_buffer<double> partials(tg::training_detail::norm_chunks(all));
  tg::training_detail::update_target t;
  t.weights = weights.data();
  t.gradients = gradients.data();
  std::int64_t used = 0;
  for (int i = 0; i < Optimizer::slots; ++i)
    if (optimizer.uses_slot(i)) {
      slots[i] = tg::aligned_buffer<float>(n);
      t.slots[i] = slots[i].data();
      ++used;
    }
  t.variables = t.merged = &all;
  t.variable_count = t.merged_count = 1;
  t.partial_sums = partials.data();
  for (auto _ : state) {
    typegrad::training_detail::update(optimizer, t, static_cast<int>(state.range(1)));
    ++t.step;
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * 4 * (3 + 2 * used));
}

static void sizes(benchmark::internal::Benchmark* b) {
  for (int const threads : {1, 2})
    for (int const elements : {100'000, 10'000'000}) b->Args({elements / 16 * 16, threads});
  b->ArgNames({"elements", "threads"})->Unit(benchmark::kMicrosecond)->UseRealTime();
}

BENCHMARK_CAPTURE(step, adam, tg::adam{})->Apply(sizes);
BENCHMARK_CAPTURE(step, adam_global_clipnorm, tg::adam{.global_clipnorm = 1})->Apply(sizes);
BENCHMARK_CAPTURE(step, sgd, tg::sgd{})->Apply(sizes);
BENCHMARK_CAPTURE(step, rmsprop, tg::rmsprop{})->Apply(sizes);

BENCHMARK_MAIN();

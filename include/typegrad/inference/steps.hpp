// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#if __has_include(<typegrad/evaluators/cpu/run.hpp>)
#include <typegrad/evaluators/cpu/run.hpp>
#else
#include <typegrad/evaluators/reference/interpreter.hpp>
namespace typegrad::cpu {
struct bindings {
  std::int64_t batch_size; void const* const* inputs; float* weights; void* const* outputs;
  std::byte* arena; std::uint64_t seed; std::uint64_t step; int threads;
};
}
#endif

// A compiled program as a value, so that what calls it need not be a template.
namespace typegrad::inference_detail {

struct compiled_step {
  void (*run)(cpu::bindings const&);
  std::int64_t (*arena_bytes)(std::int64_t batch, int threads);
};

#if __has_include(<typegrad/evaluators/cpu/run.hpp>)
template <class Recipe>
inline constexpr compiled_step step_of{
    [](cpu::bindings const& b) { cpu::run<program<Recipe>>(b); },
    [](std::int64_t batch, int threads) {
      return cpu::arena_bytes<program<Recipe>>(batch, threads);
    }};
#else
// TEMPORARY: the reference interpreter until the evaluator is there.
template <class Recipe>
void interpret(cpu::bindings const& b) {
  static graph const g = Recipe::build();
  reference::bindings r;
  r.batch_size = b.batch_size; r.seed = b.seed; r.step = b.step;
  for (int i = 0; i < g.inputs.size(); ++i) {
    auto const n = static_cast<std::size_t>((g.inputs[i].per_sample ? b.batch_size : 1) * g.inputs[i].shape.count());
    reference::values v(n);
    for (std::size_t k = 0; k < n; ++k)
      v[k] = g.inputs[i].type == dtype::int32 ? static_cast<std::int32_t const*>(b.inputs[i])[k]
                                              : static_cast<double>(static_cast<float const*>(b.inputs[i])[k]);
    r.inputs.push_back(v);
  }
  auto const offsets = weight_layout(g);
  for (int i = 0; i < g.weights.size(); ++i) {
    reference::values v;
    for (std::int64_t k = 0; k < g.weights[i].shape.count(); ++k) v.push_back(static_cast<double>(b.weights[offsets[i] + k]));
    r.weights.push_back(v);
  }
  auto const out = reference::evaluate<float>(g, r);
  for (int i = 0; i < g.outputs.size(); ++i)
    for (std::size_t k = 0; k < out[static_cast<std::size_t>(i)].size(); ++k)
      static_cast<float*>(b.outputs[i])[k] = static_cast<float>(out[static_cast<std::size_t>(i)][k]);
}
template <class Recipe>
inline constexpr compiled_step step_of{
    &interpret<Recipe>, [](std::int64_t, int) { return std::int64_t{64}; }};
#endif

}  // namespace typegrad::inference_detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/cpu/cost.hpp>
#include <typegrad/evaluators/cpu/run.hpp>
#include <typegrad/evaluators/on.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/inference/remote.hpp>

#include <cstdint>

namespace typegrad::inference_detail {

/// A compiled program as a value, so that what calls it need not be a template.
struct compiled_step {
  void (*run)(on_cpu::bindings const&) = nullptr;
  std::int64_t (*arena_bytes)(std::int64_t batch, int threads) = nullptr;
  on_cpu::program_cost cost;
  int step_count = 0;
  void const* elsewhere = nullptr;  ///< the program as the model's remote knows it, if it has one

  /// How many of `most` threads are worth having.
  int useful_threads(std::int64_t batch, int most) const {
    return on_cpu::useful_threads(cost, step_count, batch, most);
  }
};

template <class Recipe>
inline constexpr compiled_step step_of{
    [](on_cpu::bindings const& b) { on_cpu::run<program<Recipe>>(b); },
    [](std::int64_t batch, int threads) {
      return static_cast<std::int64_t>(on_cpu::arena_bytes<program<Recipe>>(batch, threads));
    },
    on_cpu::cost_of<program<Recipe>>(), on_cpu::run_steps_of<program<Recipe>>(), nullptr};

/// What makes models run on an evaluator. `on<cpu>` has no remote; the others are where the
/// evaluator's own headers are.
///   prediction_recipe<Model>   the graph of predictions
///   program_for<Recipe>        a graph's program
///   step_of<Recipe>            the same, ready to run
///   make_remote()              for a model that is not trained
template <class Where>
struct runner {};
template <>
struct runner<on<cpu>> {
  template <class Model>
  using prediction_recipe = inference_detail::prediction_recipe<Model>;
  template <class Recipe>
  using program_for = program<Recipe>;
  template <class Recipe>
  static constexpr compiled_step const& step_of() {
    return inference_detail::step_of<Recipe>;
  }
  static remote_pointer make_remote() { return {}; }
};

struct unknown_place {
  static constexpr diagnosis sentence() {
    return diagnosis{
        "a model runs on<cpu>, or, with typegrad/cuda.hpp included, on<thrust> under float32, "
        "tf32, "
        "mixed_bfloat16 or mixed_float16"};
  }
};

/// Whether there is an evaluator for a model.
template <class Where>
concept known_place = requires { runner<Where>::make_remote(); };

/// What is wrong with where a model shall run, or else what `Source::sentence()` says.
template <class Where, class Source>
constexpr auto diagnosis_on() {
  if constexpr (known_place<Where>)
    return say<Source>();
  else
    return say<unknown_place>();
}

}  // namespace typegrad::inference_detail

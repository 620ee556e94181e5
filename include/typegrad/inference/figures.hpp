// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/cpu/cost.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/nn/batch.hpp>

#include <cstddef>
#include <cstdint>

// What a program takes, known while compiling.
namespace typegrad {

namespace inference_detail {

/// The multiply-adds of a program's products and convolutions: shared + batch * per_sample.
struct multiply_add_count {
  std::int64_t shared = 0;
  std::int64_t per_sample = 0;
};

template <class Program>
constexpr multiply_add_count multiply_adds_of() {
  constexpr auto turns = on_cpu::turns_of<Program>();
  multiply_add_count count;
  for (int i = 0; i < Program::all_step_count; ++i) {
    step_info const& s = Program::data.steps[static_cast<std::size_t>(i)];
    if (s.kind != step_kind::contraction) continue;
    bool sampled = false;
    auto all = static_cast<std::int64_t>(turns[static_cast<std::size_t>(i)]);
    auto const times = [&](domain_axis const& axis) {
      sampled = sampled || axis.batch;
      all *= axis.extent;
    };
    for (int a = 0; a < s.product.loops; ++a) times(s.axes[a]);
    times(s.product.rows);
    times(s.product.columns);
    times(s.product.inner);
    (sampled ? count.per_sample : count.shared) += all;
  }
  return count;
}

template <class Program>
constexpr std::int64_t multiply_adds_a_sample() {
  constexpr multiply_add_count count = multiply_adds_of<Program>();
  return count.shared + count.per_sample;
}

}  // namespace inference_detail

/// The multiply-adds that a model's products and convolutions take for one sample.
template <class Model, auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence))
inline constexpr std::int64_t multiply_adds =
    inference_detail::multiply_adds_a_sample<program<inference_detail::prediction_recipe<Model>>>();

/// The kernels that a prediction runs, one after another.
template <class Model, auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence))
inline constexpr int kernel_count = program<inference_detail::prediction_recipe<Model>>::step_count;

/// The bytes of the values between a prediction's kernels, for so many samples at a time:
/// arena_bytes<net, batch<1>>. Weights, inputs and outputs are not counted, nor the room in which a
/// kernel packs what it multiplies.
template <class Model, class Batch = batch<static_batch<Model>>,
          auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence) && Batch::size > 0)
inline constexpr std::int64_t arena_bytes =
    program<inference_detail::prediction_recipe<Model>>::arena_bytes(Batch::size);

}  // namespace typegrad

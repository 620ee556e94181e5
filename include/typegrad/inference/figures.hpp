// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/compiler/step_figures.hpp>
#include <typegrad/evaluators/cpu/cost.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/nn/batch.hpp>

#include <cstddef>
#include <cstdint>

// What a program takes, known while compiling.
namespace typegrad {

namespace inference_detail {

/// The multiply-adds of a program's products and convolutions.
template <class Program>
constexpr batch_amount multiply_adds_of() {
  constexpr auto turns = on_cpu::turns_of<Program>();
  batch_amount count;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Program::all_step_count); ++i)
    count += detail::multiply_adds_of(Program::data.steps[i]) * static_cast<std::int64_t>(turns[i]);
  return count;
}

template <class Program>
constexpr std::int64_t multiply_adds_a_sample() {
  constexpr batch_amount count = multiply_adds_of<Program>();
  return count.shared + count.per_sample;
}

}  // namespace inference_detail

/// The multiply-adds that a model's products and convolutions take for one sample.
template <class Model, auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence))
inline constexpr constant_of<std::int64_t, Sentence> multiply_adds =
    inference_detail::multiply_adds_a_sample<program<inference_detail::prediction_recipe<Model>>>();

/// The kernels that a prediction runs, one after another.
template <class Model, auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence))
inline constexpr constant_of<int, Sentence> kernel_count =
    program<inference_detail::prediction_recipe<Model>>::step_count;

/// The bytes of the values between a prediction's kernels, for so many samples at a time:
/// arena_bytes<net, batch<1>>. Weights, inputs and outputs are not counted, nor the room in which a
/// kernel packs what it multiplies.
template <class Model, class Batch = batch<static_batch<Model>>,
          auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence) && Batch::size > 0)
inline constexpr constant_of<std::int64_t, Sentence> arena_bytes =
    program<inference_detail::prediction_recipe<Model>>::arena_bytes(Batch::size);

}  // namespace typegrad

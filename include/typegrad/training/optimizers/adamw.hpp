// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/optimizers/adam.hpp>

namespace typegrad {

/// Adam (see there) with weight decay by default. Source: arXiv 1711.05101, Keras.
struct adamw {
  float learning_rate = 0.001F;
  float weight_decay = 0.004F;  ///< before the step: w -= w * weight_decay * learning_rate
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  float epsilon = 1e-7F;
  bool amsgrad = false;
  float clipnorm = 0;         ///< if positive: the largest norm of one weight's gradient
  float global_clipnorm = 0;  ///< if positive: the largest norm of all gradients together
  float clipvalue = 0;        ///< if positive: gradients are held within +-clipvalue

  static constexpr std::string_view name = "adamw";
  static constexpr int slots = adam::slots;
  static constexpr std::array<std::string_view, slots> slot_names = adam::slot_names;
  constexpr bool uses_slot(int slot) const { return slot < 2 || amsgrad; }

  void check() const { training_detail::check_adam_options(*this); }
  /// Calls f(rule, used) with the rule of step `step`, from 1, and which slots are the rule's.
  template <class F>
  void with_rule(std::int64_t step, F const& f) const {
    training_detail::with_adam_rule(*this, step, f);
  }
};

}  // namespace typegrad

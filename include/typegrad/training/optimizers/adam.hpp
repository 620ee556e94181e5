// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/optimizers/options.hpp>
#include <typegrad/training/optimizers/update.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace typegrad {

namespace training_detail {

template <bool Amsgrad>
struct adam_rule {
  static constexpr int slots = Amsgrad ? 3 : 2;
  float alpha, rest_1, rest_2, epsilon;  // rest: 1 - beta
  template <class B>
  __attribute__((always_inline)) constexpr void operator()(B& w, B const& g,
                                                           std::array<B, slots>& s) const {
    s[0] = fma(B(g - s[0]), B(rest_1), s[0]);
    s[1] = fma(fms(g, g, s[1]), B(rest_2), s[1]);
    B second = s[1];
    if constexpr (Amsgrad) second = s[2] = select(s[2] > second, s[2], second);
    w = w - B(alpha) * s[0] / (sqrt(second) + B(epsilon));
  }
};

/// The step size with both corrections for the zeros that the slots start from.
inline float adam_alpha(float learning_rate, double beta_1, double beta_2, std::int64_t step) {
  // Keras rounds the betas to float32 here, and only here.
  auto const power = [&](double beta) {
    return std::pow(static_cast<double>(static_cast<float>(beta)), static_cast<double>(step));
  };
  return static_cast<float>(static_cast<double>(learning_rate) * std::sqrt(1 - power(beta_2)) /
                            (1 - power(beta_1)));
}

template <class Optimizer, class F>
void with_adam_rule(Optimizer const& o, std::int64_t step, F const& f) {
  float const alpha = adam_alpha(o.learning_rate, o.beta_1, o.beta_2, step);
  auto const rest_1 = static_cast<float>(1 - o.beta_1);
  auto const rest_2 = static_cast<float>(1 - o.beta_2);
  if (o.amsgrad)
    f(adam_rule<true>{alpha, rest_1, rest_2, o.epsilon}, std::array{0, 1, 2});
  else
    f(adam_rule<false>{alpha, rest_1, rest_2, o.epsilon}, std::array{0, 1});
}

template <class Optimizer>
void check_adam_options(Optimizer const& o) {
  check_common_options(o);
  require_fraction(Optimizer::name, "beta_1", o.beta_1);
  require_fraction(Optimizer::name, "beta_2", o.beta_2);
  require_not_negative(Optimizer::name, "epsilon", static_cast<double>(o.epsilon));
}

}  // namespace training_detail

/// Adam with Keras's epsilon: m += (g - m)(1 - beta_1), v += (g*g - v)(1 - beta_2),
/// w -= learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon), in step t
/// from 1. amsgrad uses the largest v so far. Source: arXiv 1412.6980 ("epsilon hat"), Keras.
struct adam {
  float learning_rate = 0.001F;
  double beta_1 = 0.9;  // double, because 1 - beta is what counts
  double beta_2 = 0.999;
  float epsilon = 1e-7F;
  bool amsgrad = false;
  float weight_decay = 0;     ///< before the step: w -= w * weight_decay * learning_rate
  float clipnorm = 0;         ///< if positive: the largest norm of one weight's gradient
  float global_clipnorm = 0;  ///< if positive: the largest norm of all gradients together
  float clipvalue = 0;        ///< if positive: gradients are held within +-clipvalue

  static constexpr std::string_view name = "adam";
  static constexpr int slots = 3;
  static constexpr std::array<std::string_view, slots> slot_names{"momentum", "velocity",
                                                                  "velocity_hat"};
  constexpr bool uses_slot(int slot) const { return slot < 2 || amsgrad; }

  void check() const { training_detail::check_adam_options(*this); }
  /// Calls f(rule, used) with the rule of step `step`, from 1, and which slots are the rule's.
  template <class F>
  void with_rule(std::int64_t step, F const& f) const {
    training_detail::with_adam_rule(*this, step, f);
  }
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/optimizers/options.hpp>
#include <typegrad/training/optimizers/update.hpp>

#include <array>
#include <string_view>

namespace typegrad {

namespace training_detail {

template <bool Momentum, bool Centered>
struct rmsprop_rule {
  static constexpr int slots = 1 + Momentum + Centered;
  float rate, rho, rest, momentum, epsilon;  // rest: 1 - rho
  template <class B>
  __attribute__((always_inline)) constexpr void operator()(B& w, B const& g,
                                                           std::array<B, slots>& s) const {
    s[0] = fma(B(rho), s[0], B(rest) * g * g);
    B second = s[0];
    if constexpr (Centered) {
      B& average = s[slots - 1];
      average = fma(B(rho), average, B(rest) * g);
      second = second - average * average;
    }
    B const step = B(rate) * g / sqrt(second + B(epsilon));
    if constexpr (Momentum) {
      s[1] = fma(B(momentum), s[1], step);
      w = w - s[1];
    } else {
      w = w - step;
    }
  }
};

}  // namespace training_detail

/// RMSprop: v = rho * v + (1 - rho) g*g, step = learning_rate * g / sqrt(v + epsilon), w -= step;
/// with momentum: b = momentum * b + step, w -= b. centered subtracts the square of the gradient's
/// running mean from v. Source: Keras (epsilon inside of the root).
struct rmsprop {
  float learning_rate = 0.001F;
  double rho = 0.9;
  float momentum = 0;
  float epsilon = 1e-7F;
  bool centered = false;
  float weight_decay = 0;     ///< before the step: w -= w * weight_decay * learning_rate
  float clipnorm = 0;         ///< if positive: the largest norm of one weight's gradient
  float global_clipnorm = 0;  ///< if positive: the largest norm of all gradients together
  float clipvalue = 0;        ///< if positive: gradients are held within +-clipvalue

  static constexpr std::string_view name = "rmsprop";
  static constexpr int slots = 3;
  static constexpr std::array<std::string_view, slots> slot_names{"velocity", "momentum",
                                                                  "average_gradient"};
  constexpr bool uses_slot(int slot) const {
    return slot == 0 || (slot == 1 ? momentum > 0 : centered);
  }

  void check() const {
    training_detail::check_common_options(*this);
    training_detail::require_fraction(name, "rho", rho);
    training_detail::require_fraction(name, "momentum", static_cast<double>(momentum));
    training_detail::require_not_negative(name, "epsilon", static_cast<double>(epsilon));
  }
  /// As in adam.
  template <class F>
  void with_rule(std::int64_t, F const& f) const {
    using namespace training_detail;
    auto const give = [&](auto rule, auto const& used) {
      rule.rate = learning_rate;
      rule.rho = static_cast<float>(rho);
      rule.rest = static_cast<float>(1 - rho);
      rule.momentum = momentum;
      rule.epsilon = epsilon;
      f(rule, used);
    };
    if (momentum > 0 && centered) return give(rmsprop_rule<true, true>{}, std::array{0, 1, 2});
    if (momentum > 0) return give(rmsprop_rule<true, false>{}, std::array{0, 1});
    if (centered) return give(rmsprop_rule<false, true>{}, std::array{0, 2});
    give(rmsprop_rule<false, false>{}, std::array{0});
  }
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/optimizers/options.hpp>
#include <typegrad/training/optimizers/update.hpp>

#include <array>
#include <string_view>

namespace typegrad {

namespace training_detail {

struct sgd_rule {
  static constexpr int slots = 0;
  float rate;
  template <class B>
  __attribute__((always_inline)) constexpr void operator()(B& w, B const& g,
                                                           std::array<B, 0>&) const {
    w = fnma(B(rate), g, w);
  }
};

template <bool Nesterov>
struct momentum_rule {
  static constexpr int slots = 1;
  float rate, momentum;
  template <class B>
  __attribute__((always_inline)) constexpr void operator()(B& w, B const& g,
                                                           std::array<B, 1>& s) const {
    B const step = g * rate;
    s[0] = fms(s[0], B(momentum), step);
    w = Nesterov ? B(fma(s[0], B(momentum), w) - step) : B(w + s[0]);
  }
};

}  // namespace training_detail

/// Stochastic gradient descent. With momentum: v = momentum * v - learning_rate * g, w += v; with
/// nesterov also: w += momentum * v - learning_rate * g. Source: Keras.
struct sgd {
  float learning_rate = 0.01F;
  float momentum = 0;
  bool nesterov = false;
  float weight_decay = 0;     ///< before the step: w -= w * weight_decay * learning_rate
  float clipnorm = 0;         ///< if positive: the largest norm of one weight's gradient
  float global_clipnorm = 0;  ///< if positive: the largest norm of all gradients together
  float clipvalue = 0;        ///< if positive: gradients are held within +-clipvalue

  static constexpr std::string_view name = "sgd";
  static constexpr int slots = 1;
  static constexpr std::array<std::string_view, slots> slot_names{"momentum"};
  constexpr bool uses_slot(int) const { return momentum > 0; }

  void check() const {
    training_detail::check_common_options(*this);
    training_detail::require_fraction(name, "momentum", static_cast<double>(momentum));
  }
  /// As in adam.
  template <class F>
  void with_rule(std::int64_t, F const& f) const {
    using namespace training_detail;
    if (!(momentum > 0)) return f(sgd_rule{learning_rate}, std::array<int, 0>{});
    if (nesterov) return f(momentum_rule<true>{learning_rate, momentum}, std::array{0});
    f(momentum_rule<false>{learning_rate, momentum}, std::array{0});
  }
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/losses/loss.hpp>

// Losses between numbers, which are metrics as well.

namespace typegrad {

/// The mean of (target - prediction)^2.
template <auto... Options>
struct mean_squared_error {
  static constexpr std::string_view name = "mean_squared_error";
  template <class T>
  struct field {
    T mean_squared_error;
  };

  static constexpr loss_target target(extents output) {
    return detail::like_output(output, options_problem<>(name, Options...));
  }
  static constexpr diagnosis integer_labels(extents) { return {}; }
  constexpr symbol operator()(symbol target, symbol prediction) const {
    return detail::sample_mean(square(prediction - target));
  }
};

/// The mean of |target - prediction|.
template <auto... Options>
struct mean_absolute_error {
  static constexpr std::string_view name = "mean_absolute_error";
  template <class T>
  struct field {
    T mean_absolute_error;
  };

  static constexpr loss_target target(extents output) {
    return detail::like_output(output, options_problem<>(name, Options...));
  }
  static constexpr diagnosis integer_labels(extents) { return {}; }
  constexpr symbol operator()(symbol target, symbol prediction) const {
    return detail::sample_mean(abs(prediction - target));
  }
};

/// The mean of e^2 / 2 where |e| <= delta (1 unless told), else of delta * (|e| - delta / 2).
template <auto... Options>
struct huber {
  static constexpr std::string_view name = "huber";
  template <class T>
  struct field {
    T huber;
  };

  static constexpr loss_target target(extents output) {
    loss_target t = detail::like_output(output, options_problem<options::delta>(name, Options...));
    float const d = option_or<options::delta>(1.0F, Options...);
    if (t.error.empty() && !(d > 0))
      t.error = sentence(name, ": delta must be positive, got ", decimal(double{d}));
    return t;
  }
  static constexpr diagnosis integer_labels(extents) { return {}; }
  constexpr symbol operator()(symbol target, symbol prediction) const {
    constexpr float d = option_or<options::delta>(1.0F, Options...);
    // with c = min(|e|, d), both cases are c * (|e| - c / 2)
    symbol const e = abs(prediction - target);
    symbol const c = minimum(d, e);
    return detail::sample_mean(c * (e - 0.5 * c));
  }
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/elementwise.hpp>
#include <typegrad/ops/reduction.hpp>

// What a variable is held to by optimizers, after each step: Keras's constraints, with its numbers.
//   variable<"w", shape<3, 4>, float, non_negative>
//   variable<"w", shape<3, 4>, float, max_norm{.max_value = 1, .axis = 0}>

namespace typegrad {

struct not_trainable_option {};
/// Optimizers leave the variable as it is.
inline constexpr not_trainable_option not_trainable{};

namespace constraints {

inline constexpr double epsilon = 1e-7;

constexpr symbol norm_along(symbol w, int axis) { return sqrt(sum(square(w), {axis}, true)); }

/// What is below zero becomes zero.
struct non_negative {
  constexpr symbol operator()(symbol w) const { return w * cast(w >= 0, w.type()); }
};

/// Vectors along an axis that are longer are shortened to max_value.
struct max_norm {
  float max_value = 2;
  int axis = 0;
  constexpr symbol operator()(symbol w) const {
    symbol const n = norm_along(w, axis);
    return w * (clip(n, 0, max_value) / (epsilon + n));
  }
};

/// Vectors along an axis have length 1.
struct unit_norm {
  int axis = 0;
  constexpr symbol operator()(symbol w) const { return w / (epsilon + norm_along(w, axis)); }
};

/// Vectors along an axis are brought towards lengths within bounds, by the share `rate` of the way.
struct min_max_norm {
  float min_value = 0;
  float max_value = 1;
  float rate = 1;
  int axis = 0;
  constexpr symbol operator()(symbol w) const {
    symbol const n = norm_along(w, axis);
    symbol const wanted = static_cast<double>(rate) * clip(n, min_value, max_value) +
                          (1 - static_cast<double>(rate)) * n;
    return w * (wanted / (epsilon + n));
  }
};

}  // namespace constraints

using constraints::max_norm;
using constraints::min_max_norm;
using constraints::unit_norm;
inline constexpr constraints::non_negative non_negative{};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/decimal.hpp>
#include <typegrad/nn/initializers.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/regularizers.hpp>

#include <concepts>
#include <type_traits>

// What the normalization layers share: their options, and how they take moments.

namespace typegrad {

namespace options {

#define TYPEGRAD_OPTION(tag)                       \
  struct tag {                                     \
    static constexpr std::string_view name = #tag; \
  };

TYPEGRAD_OPTION(axis)
TYPEGRAD_OPTION(momentum)
TYPEGRAD_OPTION(epsilon)
TYPEGRAD_OPTION(center)
TYPEGRAD_OPTION(scale)
TYPEGRAD_OPTION(gamma_initializer)
TYPEGRAD_OPTION(beta_initializer)
TYPEGRAD_OPTION(moving_mean_initializer)
TYPEGRAD_OPTION(moving_variance_initializer)
TYPEGRAD_OPTION(gamma_regularizer)
TYPEGRAD_OPTION(beta_regularizer)

#undef TYPEGRAD_OPTION

}  // namespace options

/// Which axes an operation is about: those of one sample, from 0 (the batch axis is not among
/// them); negative ones count from the end.
template <std::convertible_to<int>... Axes>
constexpr option<options::axis, axis_list> axis(Axes... axes) {
  return {axis_list{static_cast<int>(axes)...}};
}
/// How much of a moving statistic a step of training leaves: moving = moving * m + new * (1 - m).
constexpr option<options::momentum, float> momentum(float share) { return {share}; }
/// What is added to a variance before its root is taken.
constexpr option<options::epsilon, float> epsilon(float amount) { return {amount}; }
inline constexpr option<options::center, bool> no_center{false};  ///< no beta is added
inline constexpr option<options::scale, bool> no_scale{false};    ///< no multiplication by gamma

constexpr option<options::gamma_initializer, initializer> gamma_initializer(initializer i) {
  return {i};
}
constexpr option<options::beta_initializer, initializer> beta_initializer(initializer i) {
  return {i};
}
constexpr option<options::moving_mean_initializer, initializer> moving_mean_initializer(
    initializer i) {
  return {i};
}
constexpr option<options::moving_variance_initializer, initializer> moving_variance_initializer(
    initializer i) {
  return {i};
}
constexpr option<options::gamma_regularizer, regularizer> gamma_regularizer(regularizer r) {
  return {r};
}
constexpr option<options::beta_regularizer, regularizer> beta_regularizer(regularizer r) {
  return {r};
}

namespace detail {

/// The axes that an option names, in ascending order; `problem` if a value of extents `input` has
/// one of them not, or twice.
struct named_axes {
  axis_list axes;
  diagnosis problem;
};

constexpr named_axes axes_within(axis_list const& given, extents const& input) {
  named_axes out;
  for (int i = 0; i < given.size(); ++i)
    if (given[i] < -input.rank || given[i] >= input.rank) {
      out.problem =
          sentence("extents ", to_text(input), " have no axis ", given[i],
                   "; axes are those of one sample, from 0, or from -1 at the end");
      return out;
    }
  for (int axis = 0; axis < input.rank; ++axis) {
    int times = 0;
    for (int i = 0; i < given.size(); ++i)
      times += (given[i] < 0 ? given[i] + input.rank : given[i]) == axis;
    if (times > 1) out.problem = sentence("axis ", axis, " is named twice");
    if (times > 0) out.axes.push_back(axis);
  }
  if (given.size() == 0) out.problem = diagnosis{"axis needs one axis or more"};
  return out;
}

/// What is wrong with an epsilon.
constexpr diagnosis epsilon_problem(double epsilon) {
  if (epsilon >= 0 && epsilon < 1e30) return {};
  return sentence("epsilon must not be negative, got ", decimal(epsilon));
}

}  // namespace detail
}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
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
constexpr option<options::momentum, double> momentum(double share) { return {share}; }
/// What is added to a variance before its root is taken.
constexpr option<options::epsilon, double> epsilon(double amount) { return {amount}; }
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
      out.problem = sentence("extents ", to_text(input), " have no axis ", given[i],
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

inline void write_axes(config_writer& w, axis_list const& axes) {
  std::int64_t each[max_rank] = {};
  for (int i = 0; i < axes.size(); ++i) each[i] = with_batch(axes[i]);
  w.integers("axis", each, axes.size());
}

/// What is wrong with an epsilon.
constexpr diagnosis epsilon_problem(double epsilon) {
  if (epsilon >= 0 && epsilon < 1e30) return {};
  return sentence("epsilon must not be negative, got ", decimal(epsilon));
}

/// Mean and variance of x, one for every set of elements (a channel of the batch, a group of
/// channels of a sample) that `average` gives the means of; `across` brings those to extents that
/// broadcast against x.
///
/// E[x^2] - E[x]^2 loses the digits of a variance that is small beside the mean. So moments are
/// taken of deviations from a fixed number, the mean as one pass gives it: `drift`, their mean, is
/// what that was wrong by. Since the number is fixed, the mean's gradient goes through `drift`; it
/// comes of the cotangent's sum, which beta's gradient needs too, and not of a pass of its own over
/// all elements: backward there is one pass for the sums of dy and dy * deviation, and one for dx.
struct moments_of {
  symbol mean, drift, deviation, variance;

  template <class Average, class Across>
  constexpr moments_of(symbol x, Average const& average, Across const& across) {
    symbol const fixed = stop_gradient(average(x));
    deviation = x - across(fixed);
    drift = average(deviation);
    mean = fixed + drift;
    variance = average(square(deviation)) - square(drift);
  }

  /// (x - mean) / sqrt(variance + epsilon) * gamma + beta; invalid symbols are left out.
  template <class Across>
  constexpr symbol normalized(double epsilon, symbol gamma, symbol beta,
                              Across const& across) const {
    symbol scale = rsqrt(variance + epsilon);
    if (gamma.valid()) scale = scale * gamma;
    symbol shift = -(drift * scale);
    if (beta.valid()) shift = beta + shift;
    return deviation * across(scale) + across(shift);
  }
};

/// A value as its rows: what belongs to the named axes of a sample. Where those are the last ones,
/// they become one, so that a row lies in one piece.
struct rows_of {
  symbol x;          ///< the value, its axes perhaps joined
  axis_list axes;    ///< of x: those of a row
  extents weight;    ///< what a weight with the named axes is reshaped to, to broadcast against x
  double share = 1;  ///< 1 / elements of a row

  constexpr rows_of(symbol value, axis_list const& named) : x{value}, axes{named} {
    extents const from = value.shape();
    std::int64_t count = 1;
    for (int i = 0; i < named.size(); ++i) count *= from[named[i]];
    share = 1 / static_cast<double>(count);
    int const lead = from.rank - named.size();
    if (named[0] != lead) {
      for (int i = 0; i < from.rank; ++i) weight.push_back(named.contains(i) ? from[i] : 1);
      return;
    }
    extents joined;
    for (int i = 0; i < lead; ++i) joined.push_back(from[i]);
    joined.push_back(count);
    x = build::reshape(value, joined);
    axes = {lead};
    weight = {count};
  }

  /// A row's mean, as extents that broadcast against x.
  constexpr symbol mean(symbol a) const { return sum(a, axes, true) * share; }
};

/// The extents of the named axes.
constexpr extents extents_of(axis_list const& named, extents const& input) {
  extents out;
  for (int i = 0; i < named.size(); ++i) out.push_back(input[named[i]]);
  return out;
}

}  // namespace detail
}  // namespace typegrad

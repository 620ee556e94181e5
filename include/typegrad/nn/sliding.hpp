// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/options.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

// From a layer's options and the extents of its input to a `window`, by Keras's (TensorFlow's)
// rules; and the sentences about what does not fit.

namespace typegrad::detail {

/// How the windows of a layer slide, as its options say.
struct sliding {
  std::string_view what = "kernel";  ///< whose size it is
  int spatial = 2;                   ///< axes that the windows slide along
  axis_numbers size{1};
  axis_numbers strides{1};
  axis_numbers dilation_rate{1};
  padding_mode padding = padding_mode::valid;
  bool takes_causal = false;
};

/// A bare number among the options is a size.
template <class T>
constexpr auto sized(T const& value) {
  if constexpr (std::integral<T> && !std::same_as<T, bool>)
    return option<options::size, axis_numbers>{{static_cast<std::int64_t>(value)}};
  else
    return value;
}

/// "3x5": the numbers of all axes.
constexpr name_text numbers_text(axis_numbers const& n, int spatial) {
  extents e;
  for (int i = 0; i < spatial; ++i) e.push_back(n[i]);
  return to_text(e);
}

constexpr diagnosis numbers_problem(std::string_view name, axis_numbers const& n, int spatial,
                                    std::int64_t least = 1) {
  if (n.count != 1 && n.count != spatial)
    return spatial == 1
               ? sentence(name, " needs 1 number, got ", n.count)
               : sentence(name, " needs 1 number, or ", spatial, " of them, got ", n.count);
  for (int i = 0; i < spatial; ++i)
    if (n[i] < least)
      return sentence(name, least == 0 ? " must not be negative, got " : " must be positive, got ",
                      numbers_text(n, n.count));
  return {};
}

/// What is wrong with extents that should be spatial axes and channels; empty if nothing is.
constexpr diagnosis rank_problem(int spatial, extents const& input) {
  if (input.rank == spatial + 1) return {};
  constexpr std::string_view forms[] = {"steps x channels", "height x width x channels",
                                        "depth x height x width x channels"};
  diagnosis t = sentence("needs ", forms[spatial - 1], ", got extents ", to_text(input));
  extents to;  // what they may be meant to be
  if (input.rank == spatial) {
    to = input;
    to.push_back(1);
  } else if (input.rank == 1) {
    for (std::int64_t side = 1; side * side <= input[0] && spatial == 2; ++side)
      if (side * side == input[0]) to = {side, side, 1};
  }
  if (to.rank == 0) {
    constexpr std::string_view names[] = {"steps, channels", "height, width, channels",
                                          "depth, height, width, channels"};
    return t.append("; put reshape<").append(names[spatial - 1]).append("> before it");
  }
  t.append("; put reshape<");
  for (int i = 0; i < to.rank; ++i) t.append(i > 0 ? ", " : "").append(to[i]);
  return t.append("> before it");
}

/// What is wrong with the options by themselves; empty if nothing is.
constexpr diagnosis sliding_problem(sliding const& s) {
  diagnosis problem = numbers_problem(sentence(s.what, " size").view(), s.size, s.spatial);
  if (problem.empty()) problem = numbers_problem("strides", s.strides, s.spatial);
  if (problem.empty()) problem = numbers_problem("dilation_rate", s.dilation_rate, s.spatial);
  if (!problem.empty()) return problem;
  bool stride = false;
  bool dilation = false;
  for (int i = 0; i < s.spatial; ++i) {
    stride = stride || s.strides[i] > 1;
    dilation = dilation || s.dilation_rate[i] > 1;
  }
  if (stride && dilation)
    return sentence("strides and dilation_rate cannot both be more than 1, got ",
                    numbers_text(s.strides, s.spatial), " and ",
                    numbers_text(s.dilation_rate, s.spatial));
  if (s.padding == padding_mode::causal && !s.takes_causal)
    return diagnosis{"causal padding is for conv1d only; use same or valid"};
  return problem;
}

constexpr window_axis slide_along(std::int64_t in, sliding const& s, int axis) {
  window_axis a;
  a.in = in;
  a.size = s.size[axis];
  a.stride = s.strides[axis];
  a.dilation = s.dilation_rate[axis];
  if (s.padding == padding_mode::valid) {
    a.out = in < a.reach() ? 0 : (in - a.reach()) / a.stride + 1;
    return a;
  }
  a.out = (in + a.stride - 1) / a.stride;
  if (s.padding == padding_mode::causal) {
    a.low = a.reach() - 1;
  } else {
    std::int64_t const total = (a.out - 1) * a.stride + a.reach() - in;
    if (total > 0) a.low = total / 2;  // an odd element of padding stands at the end
  }
  return a;
}

/// The window over `input`, whose last axis is the channels. If there is none, sets `problem`.
constexpr window window_over(sliding const& s, extents const& input, diagnosis& problem) {
  window w;
  problem = rank_problem(s.spatial, input);
  if (problem.empty()) problem = sliding_problem(s);
  if (!problem.empty()) return w;
  window_axis* const axes = w.axes + (max_spatial - s.spatial);
  extents reach;
  bool fits = true;
  bool dilated = false;
  for (int i = 0; i < s.spatial; ++i) {
    axes[i] = slide_along(input[i], s, i);
    reach.push_back(axes[i].reach());
    fits = fits && axes[i].out > 0;
    dilated = dilated || axes[i].reach() != axes[i].size;
  }
  if (fits) return w;
  problem = sentence("a ", numbers_text(s.size, s.spatial), " window");
  if (dilated)
    problem.append(" (")
        .append(to_text(reach))
        .append(" with dilation_rate ")
        .append(numbers_text(s.dilation_rate, s.dilation_rate.count))
        .append(")");
  problem.append(" does not fit extents ").append(to_text(input));
  problem.append("; use padding same or a smaller ").append(s.what);
  return w;
}

/// The windows of the convolution that a transposed one transposes: they slide over what the layer
/// gives, and there is one for each position of its input. `given`: the output padding; without it
/// the result is as long as Keras makes it.
constexpr window_axis transposed_along(std::int64_t in, sliding const& s, int axis,
                                       std::int64_t const* given) {
  window_axis a;
  a.out = in;
  a.size = s.size[axis];
  a.stride = s.strides[axis];
  a.dilation = s.dilation_rate[axis];
  std::int64_t const reach = a.reach();
  std::int64_t const positions = (in - 1) * a.stride;
  if (s.padding == padding_mode::valid) {
    std::int64_t const more = reach < a.stride ? a.stride - reach : 0;
    a.in = positions + reach + (given != nullptr ? *given : more);
    return a;
  }
  a.in = positions + (given != nullptr ? reach % 2 + *given : a.stride);
  std::int64_t const total = positions + reach - a.in;
  if (total > 0) a.low = total / 2;
  return a;
}

/// The window of `transposed_along` for an input; `output_padding` is null where there is none. If
/// there is no such window, sets `problem`.
constexpr window transposed_window(sliding const& s, axis_numbers const* output_padding,
                                   extents const& input, diagnosis& problem) {
  window w;
  problem = rank_problem(s.spatial, input);
  if (problem.empty()) problem = sliding_problem(s);
  if (problem.empty() && output_padding != nullptr) {
    problem = numbers_problem("output_padding", *output_padding, s.spatial, 0);
    for (int i = 0; problem.empty() && i < s.spatial; ++i)
      if ((*output_padding)[i] >= s.strides[i])
        problem = sentence("output_padding must be less than strides, got ",
                           numbers_text(*output_padding, s.spatial), " and ",
                           numbers_text(s.strides, s.spatial));
  }
  if (!problem.empty()) return w;
  for (int i = 0; i < s.spatial; ++i) {
    std::int64_t const more = output_padding != nullptr ? (*output_padding)[i] : 0;
    window_axis const a =
        transposed_along(input[i], s, i, output_padding != nullptr ? &more : nullptr);
    w.axes[max_spatial - s.spatial + i] = a;
    if (a.in <= 0)
      problem = sentence("nothing is left of extents ", to_text(input),
                         "; use more output_padding, or valid");
  }
  return w;
}

}  // namespace typegrad::detail

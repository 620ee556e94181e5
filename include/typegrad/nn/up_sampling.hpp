// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/sliding.hpp>
#include <typegrad/ops/movement.hpp>
#include <typegrad/ops/window.hpp>

namespace typegrad {

namespace detail {

/// Each element `times` times along one axis: windows over the result that do not overlap.
constexpr window_axis repeated(std::int64_t in, std::int64_t times) {
  return {.in = in * times, .out = in, .size = times, .stride = times};
}

/// The windows of bilinear up-sampling: all places nearer than one element to element o, where
/// place j lies at (j + 1/2) / times - 1/2.
constexpr window_axis hat_along(std::int64_t in, std::int64_t times) {
  window_axis a = repeated(in, times);
  a.size = times % 2 == 0 ? 2 * times : 2 * times - 1;
  a.low = times / 2;
  return a;
}

/// What is added where, along one axis of `shape`: 1 less the distance of place and element.
constexpr symbol hat(graph& g, extents const& shape, int axis, window_axis const& a, dtype type) {
  double const scale = 1 / static_cast<double>(a.stride);
  double const first = (0.5 - static_cast<double>(a.low)) * scale - 0.5;
  return 1 - abs(build::iota(g, shape, axis, type) * scale + first);
}

/// The sum of these at each place: 1 but near the ends, where only one element is near.
constexpr symbol hat_sum(graph& g, extents const& shape, int axis, window_axis const& a,
                         dtype type) {
  double const scale = 1 / static_cast<double>(a.stride);
  symbol const place = build::iota(g, shape, axis, type) * scale + (0.5 * scale - 0.5);
  return minimum(minimum(place + 1, static_cast<double>(a.out) - place), 1);
}

/// Bilinear up-sampling of an image of rows x columns x channels, as a transposed depthwise
/// convolution. Dividing by the weights' sum repeats the elements at the ends outwards.
constexpr symbol bilinear_up(symbol x, axis_numbers const& times) {
  graph& g = x.owner();
  extents const from = x.shape();
  window w;
  extents taps, places;
  for (int i = 0; i < 2; ++i) {
    w.axes[1 + i] = hat_along(from[i], times[i]);
    taps.push_back(w.axes[1 + i].size);
    places.push_back(w.axes[1 + i].in);
  }
  taps.push_back(1);
  taps.push_back(from[2]);
  places.push_back(1);
  w.groups = from[2];
  symbol const weight = hat(g, taps, 0, w.axes[1], x.type()) * hat(g, taps, 1, w.axes[2], x.type());
  symbol const sum =
      hat_sum(g, places, 0, w.axes[1], x.type()) * hat_sum(g, places, 1, w.axes[2], x.type());
  return build::convolution_input(x, weight, w) * (1 / sum);
}

template <class Self, int Spatial, auto... Options>
struct up_sampling_layer : layer<Self> {
  constexpr symbol call(symbol x) {
    constexpr diagnosis wrong =
        Spatial == 2
            ? options_problem<options::size, options::interpolation>(Self::name, sized(Options)...)
            : options_problem<options::size>(Self::name, sized(Options)...);
    constexpr axis_numbers times = option_or<options::size>(axis_numbers{2}, sized(Options)...);
    diagnosis problem = wrong;
    if (problem.empty()) problem = rank_problem(Spatial, x.shape());
    if (problem.empty()) problem = numbers_problem("size", times, Spatial);
    if (!problem.empty()) return poison(x.owner(), problem);
    if (option_or<options::interpolation>(interpolation_mode::nearest, Options...) ==
        interpolation_mode::bilinear)
      return bilinear_up(build::detail::floating(x), times);
    window w;
    for (int i = 0; i < Spatial; ++i)
      w.axes[max_spatial - Spatial + i] = repeated(x.shape()[i], times[i]);
    return cast(build::window_spread(x, w), x.type());
  }

  static void keras_config(config_writer& w) {
    w.layer(Self::name);
    write_numbers(w, "size", option_or<options::size>(axis_numbers{2}, sized(Options)...), Spatial);
    if (option_or<options::interpolation>(interpolation_mode::nearest, Options...) ==
        interpolation_mode::bilinear)
      w.text("interpolation", "bilinear");
  }
};

}  // namespace detail

/// Each step `size` times (2 unless told): [steps, channels] become [steps * size, channels].
template <auto... Options>
struct up_sampling1d : detail::up_sampling_layer<up_sampling1d<Options...>, 1, Options...> {
  static constexpr std::string_view name = "up_sampling1d";
};

/// The same over [rows, columns, channels]; a number for both axes or size<rows, columns>. Options:
/// nearest (unless told) or bilinear: between the centres of the four nearest elements, the outer
/// ones repeated outwards.
template <auto... Options>
struct up_sampling2d : detail::up_sampling_layer<up_sampling2d<Options...>, 2, Options...> {
  static constexpr std::string_view name = "up_sampling2d";
};

/// The same as `up_sampling1d` over [depth, rows, columns, channels].
template <auto... Options>
struct up_sampling3d : detail::up_sampling_layer<up_sampling3d<Options...>, 3, Options...> {
  static constexpr std::string_view name = "up_sampling3d";
};

}  // namespace typegrad

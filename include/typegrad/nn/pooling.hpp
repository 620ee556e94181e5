// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/sliding.hpp>
#include <typegrad/ops/movement.hpp>
#include <typegrad/ops/window.hpp>

namespace typegrad {

namespace detail {

/// How many elements that are no padding each window has along one axis of `shape`.
constexpr symbol window_counts(graph& g, extents const& shape, int axis, window_axis const& a,
                               dtype type) {
  symbol const first = build::iota(g, shape, axis, type) * a.stride - a.low;
  return minimum(first + a.size, a.in) - maximum(first, 0);
}

/// The mean of each window's elements, padding not counted. Requires that no window is dilated.
constexpr symbol window_mean(symbol x, window const& over) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  int const spatial = x.rank() - 1;
  extents places = build::detail::with_axes(over, spatial, &window_axis::out);
  places.push_back(1);
  x = build::detail::floating(x);
  double taps = 1;
  symbol counts;  // the product of those along the axes that are padded
  for (int i = 0; i < spatial; ++i) {
    window_axis const& a = over.axes[max_spatial - spatial + i];
    if (!a.padded()) {
      taps *= static_cast<double>(a.size);
    } else {
      symbol const along = window_counts(x.owner(), places, i, a, x.type());
      counts = counts.valid() ? counts * along : along;
    }
  }
  symbol const share = counts.valid() ? 1 / (taps * counts) : symbol{};
  symbol const total = build::window_sum(x, over);
  return counts.valid() ? total * share : total * (1 / taps);
}

/// Pooling over windows. Options: what the layers below take.
template <class Self, int Spatial, bool Max, auto... Options>
struct pooling_layer : layer<Self> {
  constexpr symbol call(symbol x) {
    constexpr diagnosis wrong = options_problem<options::size, options::strides, options::padding>(
        Self::name, sized(Options)...);
    diagnosis problem = wrong;
    if (!Max && !has_option<options::size>(sized(Options)...))
      problem = sentence("needs a pool size: ", Self::name, "<2>");
    window w;
    if (problem.empty()) w = window_over(slides(), x.shape(), problem);
    if (!problem.empty()) return poison(x.owner(), problem);
    if constexpr (Max)
      return cast(build::window_max(x, w), x.type());
    else
      return window_mean(x, w);
  }

  static void keras_config(config_writer& w) {
    constexpr sliding s = slides();
    w.layer(Self::name);
    write_numbers(w, "pool_size", s.size, Spatial);
    write_numbers(w, "strides", s.strides, Spatial);
    w.text("padding", name_of(s.padding));
  }

 private:
  static constexpr sliding slides() {
    sliding s;
    s.what = "pool";
    s.spatial = Spatial;
    s.size = option_or<options::size>(axis_numbers{2}, sized(Options)...);
    s.strides = option_or<options::strides>(s.size, sized(Options)...);
    s.padding = option_or<options::padding>(padding_mode::valid, sized(Options)...);
    return s;
  }
};

template <class Self, int Spatial, bool Max, auto... Options>
struct global_pooling_layer : layer<Self> {
  constexpr symbol call(symbol x) {
    constexpr diagnosis wrong = options_problem<options::keepdims>(Self::name, Options...);
    diagnosis problem = wrong;
    if (problem.empty()) problem = rank_problem(Spatial, x.shape());
    if (!problem.empty()) return poison(x.owner(), problem);
    axis_list axes;
    for (int i = 0; i < Spatial; ++i) axes.push_back(i);
    constexpr bool keep = option_or<options::keepdims>(false, Options...);
    if constexpr (Max)
      return max(x, axes, keep);
    else
      return mean(is_floating(x.type()) ? x : cast(x, dtype::float32), axes, keep);
  }

  static void keras_config(config_writer& w) {
    w.layer(Self::name);
    w.flag("keepdims", option_or<options::keepdims>(false, Options...));
  }
};

}  // namespace detail

// Options of all of them: the pool's size (a number, or size<...> with one for each axis; 2 unless
// told, but average pooling has to be told), strides<...> (the pool's size unless told), and
// padding (valid unless told, or same).

#define TYPEGRAD_POOLING(class_name, spatial, is_max)                                              \
  template <auto... Options>                                                                       \
  struct class_name : detail::pooling_layer<class_name<Options...>, spatial, is_max, Options...> { \
    static constexpr std::string_view name = #class_name;                                          \
  };

/// The greatest element of each window, of each channel. Padding counts as -infinity.
TYPEGRAD_POOLING(max_pooling1d, 1, true)
TYPEGRAD_POOLING(max_pooling2d, 2, true)
TYPEGRAD_POOLING(max_pooling3d, 3, true)
/// The mean of each window, of each channel. Padding does not count.
TYPEGRAD_POOLING(average_pooling1d, 1, false)
TYPEGRAD_POOLING(average_pooling2d, 2, false)
TYPEGRAD_POOLING(average_pooling3d, 3, false)

#undef TYPEGRAD_POOLING

#define TYPEGRAD_GLOBAL_POOLING(class_name, spatial, is_max)                                \
  template <auto... Options>                                                                \
  struct class_name                                                                         \
      : detail::global_pooling_layer<class_name<Options...>, spatial, is_max, Options...> { \
    static constexpr std::string_view name = #class_name;                                   \
  };

/// The greatest element of each channel: [spatial axes..., channels] become [channels]; with the
/// option keepdims, the spatial axes stay, with length 1.
TYPEGRAD_GLOBAL_POOLING(global_max_pooling1d, 1, true)
TYPEGRAD_GLOBAL_POOLING(global_max_pooling2d, 2, true)
TYPEGRAD_GLOBAL_POOLING(global_max_pooling3d, 3, true)
/// The mean of each channel, likewise.
TYPEGRAD_GLOBAL_POOLING(global_average_pooling1d, 1, false)
TYPEGRAD_GLOBAL_POOLING(global_average_pooling2d, 2, false)
TYPEGRAD_GLOBAL_POOLING(global_average_pooling3d, 3, false)

#undef TYPEGRAD_GLOBAL_POOLING

}  // namespace typegrad

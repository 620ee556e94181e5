// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/depthwise_conv.hpp>

namespace typegrad {

constexpr option<options::depthwise_initializer, initializer> depthwise_initializer(initializer i) {
  return {i};
}
constexpr option<options::pointwise_initializer, initializer> pointwise_initializer(initializer i) {
  return {i};
}
constexpr option<options::depthwise_regularizer, regularizer> depthwise_regularizer(regularizer r) {
  return {r};
}
constexpr option<options::pointwise_regularizer, regularizer> pointwise_regularizer(regularizer r) {
  return {r};
}

namespace detail {

template <class Self, int Spatial, std::int64_t Filters, auto Size, auto... Options>
struct separable_layer : filtering<Self, Spatial, Size, Options...> {
  symbol depthwise_kernel, pointwise_kernel;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis wrong = separable_layer::template wrong_options<
        options::depth_multiplier, options::depthwise_initializer, options::pointwise_initializer,
        options::depthwise_regularizer, options::pointwise_regularizer>();
    diagnosis problem = wrong;
    if (problem.empty() && Filters <= 0)
      problem = sentence("filters must be positive, got ", Filters);
    if (problem.empty()) problem = multiplier_problem(multiplier);
    window w;
    if (problem.empty()) w = window_over(separable_layer::slides(), input, problem);
    if (!problem.empty()) return this->fail(problem);
    depthwise_kernel =
        add("depthwise_kernel", depthwise_extents(w, input, multiplier),
            option_or<options::depthwise_initializer, initializer>(glorot_uniform{}, Options...),
            option_or<options::depthwise_regularizer>(regularizer{}, Options...));
    extents point;
    for (int i = 0; i < Spatial; ++i) point.push_back(1);
    point.push_back(input.back() * multiplier);
    point.push_back(Filters);
    pointwise_kernel =
        add("pointwise_kernel", point,
            option_or<options::pointwise_initializer, initializer>(glorot_uniform{}, Options...),
            option_or<options::pointwise_regularizer>(regularizer{}, Options...));
    this->make_bias(add, Filters);
  }

  constexpr symbol call(symbol x) {
    diagnosis problem;
    window const w = window_over(separable_layer::slides(), x.shape(), problem);
    if (!problem.empty()) return poison(x.owner(), problem);
    symbol const y = depthwise(x, depthwise_kernel, w);
    window point;
    for (int i = max_spatial - Spatial; i < max_spatial; ++i)
      point.axes[i].in = point.axes[i].out = w.axes[i].out;
    return this->finished(build::convolution(y, pointwise_kernel, point));
  }

  static void keras_config(config_writer& w) {
    separable_layer::write_config(w);
    w.integer("filters", Filters);
    w.integer("depth_multiplier", multiplier);
  }

 private:
  static constexpr std::int64_t multiplier =
      option_or<options::depth_multiplier>(std::int64_t{1}, Options...);
};

}  // namespace detail

/// A depthwise convolution and then one of size 1 that mixes the channels: extents [steps,
/// channels] become [positions, Filters]. Options: depth_multiplier<...> (1 unless told),
/// strides<...>, padding (valid unless told, or same), dilation_rate<...>, an activation, no_bias,
/// depthwise_initializer(...), pointwise_initializer(...), bias_initializer(...),
/// depthwise_regularizer(...), pointwise_regularizer(...), bias_regularizer(...),
/// activity_regularizer(...).
/// Weights: depthwise_kernel [Size, channels, multiplier], pointwise_kernel [1, channels *
/// multiplier, Filters], bias [Filters].
template <std::int64_t Filters, auto Size, auto... Options>
struct separable_conv1d : detail::separable_layer<separable_conv1d<Filters, Size, Options...>, 1,
                                                  Filters, Size, Options...> {
  static constexpr std::string_view name = "separable_conv1d";
};

/// The same over [rows, columns, channels]; Size is a number for both axes or size<rows, columns>,
/// and so are strides and dilation_rate.
template <std::int64_t Filters, auto Size, auto... Options>
struct separable_conv2d : detail::separable_layer<separable_conv2d<Filters, Size, Options...>, 2,
                                                  Filters, Size, Options...> {
  static constexpr std::string_view name = "separable_conv2d";
};

}  // namespace typegrad

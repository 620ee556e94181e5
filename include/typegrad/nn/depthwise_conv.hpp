// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/filtering.hpp>
#include <typegrad/ops/convolution.hpp>

namespace typegrad {

namespace detail {

/// x, each channel c of it convolved with kernel [taps..., channels, multiplier] at [..., c, m] to
/// channel c * multiplier + m. `w`: how the window slides; its groups do not matter.
constexpr symbol depthwise(symbol x, symbol kernel, window w) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  w.groups = x.shape().back();
  extents shape = kernel.shape();
  std::int64_t const multiplier = shape.back();
  shape[shape.rank - 2] = 1;
  shape[shape.rank - 1] = x.shape().back() * multiplier;
  return build::convolution(x, build::reshape(kernel, shape), w);
}

constexpr diagnosis multiplier_problem(std::int64_t multiplier) {
  if (multiplier > 0) return {};
  return sentence("depth_multiplier must be positive, got ", multiplier);
}

/// [taps..., channels, multiplier].
constexpr extents depthwise_extents(window const& w, extents const& input,
                                    std::int64_t multiplier) {
  extents shape = build::detail::with_axes(w, input.rank - 1, &window_axis::size);
  shape.push_back(input.back());
  shape.push_back(multiplier);
  return shape;
}

template <class Self, int Spatial, auto Size, auto... Options>
struct depthwise_layer : filtering<Self, Spatial, Size, Options...> {
  symbol kernel;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis wrong = depthwise_layer::template wrong_options<
        options::depth_multiplier, options::kernel_initializer, options::kernel_regularizer>();
    diagnosis problem = wrong;
    if (problem.empty()) problem = multiplier_problem(multiplier);
    window w;
    if (problem.empty()) w = window_over(depthwise_layer::slides(), input, problem);
    if (!problem.empty()) return this->fail(problem);
    kernel = add("kernel", depthwise_extents(w, input, multiplier),
                 option_or<options::kernel_initializer, initializer>(glorot_uniform{}, Options...),
                 option_or<options::kernel_regularizer>(regularizer{}, Options...));
    this->make_bias(add, input.back() * multiplier);
  }

  constexpr symbol call(symbol x) {
    diagnosis problem;
    window const w = window_over(depthwise_layer::slides(), x.shape(), problem);
    if (!problem.empty()) return poison(x.owner(), problem);
    return this->finished(depthwise(x, kernel, w));
  }

  static void keras_config(config_writer& w) {
    depthwise_layer::write_config(w);
    w.integer("depth_multiplier", multiplier);
  }

 private:
  static constexpr std::int64_t multiplier =
      option_or<options::depth_multiplier>(std::int64_t{1}, Options...);
};

}  // namespace detail

/// A convolution of each channel by itself: extents [steps, channels] become [positions, channels *
/// multiplier], where channel c gives channels c * multiplier and those after it. Options:
/// depth_multiplier<...> (1 unless told), strides<...>, padding (valid unless told, or same),
/// dilation_rate<...>, an activation, no_bias, initializers and regularizers as `dense` takes them.
/// Weights: kernel [Size, channels, multiplier], bias [channels * multiplier].
template <auto Size, auto... Options>
struct depthwise_conv1d
    : detail::depthwise_layer<depthwise_conv1d<Size, Options...>, 1, Size, Options...> {
  static constexpr std::string_view name = "depthwise_conv1d";
};

/// The same over [rows, columns, channels]; Size is a number for both axes or size<rows, columns>,
/// and so are strides and dilation_rate.
template <auto Size, auto... Options>
struct depthwise_conv2d
    : detail::depthwise_layer<depthwise_conv2d<Size, Options...>, 2, Size, Options...> {
  static constexpr std::string_view name = "depthwise_conv2d";
};

}  // namespace typegrad

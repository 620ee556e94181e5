// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/filtering.hpp>
#include <typegrad/ops/convolution.hpp>

namespace typegrad {

namespace detail {

template <class Self, int Spatial, std::int64_t Filters, auto Size, auto... Options>
struct transposed_layer : filtering<Self, Spatial, Size, Options...> {
  symbol kernel;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis wrong = transposed_layer::template wrong_options<
        options::output_padding, options::kernel_initializer, options::kernel_regularizer>();
    diagnosis problem = wrong;
    if (problem.empty() && Filters <= 0)
      problem = sentence("filters must be positive, got ", Filters);
    window w;
    if (problem.empty()) w = window_for(input, problem);
    if (!problem.empty()) return this->fail(problem);
    extents shape = build::detail::with_axes(w, Spatial, &window_axis::size);
    shape.push_back(Filters);
    shape.push_back(input.back());
    kernel = add("kernel", shape,
                 option_or<options::kernel_initializer, initializer>(glorot_uniform{}, Options...),
                 option_or<options::kernel_regularizer>(regularizer{}, Options...));
    this->make_bias(add, Filters);
  }

  constexpr symbol call(symbol x) {
    diagnosis problem;
    window const w = window_for(x.shape(), problem);
    if (!problem.empty()) return poison(x.owner(), problem);
    return this->finished(build::convolution_input(x, kernel, w));
  }

  static void keras_config(config_writer& w) {
    transposed_layer::write_config(w);
    w.integer("filters", Filters);
    if constexpr (has_option<options::output_padding>(Options...))
      write_numbers(w, "output_padding",
                    option_or<options::output_padding>(axis_numbers{0}, Options...), Spatial);
  }

 private:
  static constexpr window window_for(extents const& input, diagnosis& problem) {
    axis_numbers const more = option_or<options::output_padding>(axis_numbers{0}, Options...);
    bool const given = has_option<options::output_padding>(Options...);
    return transposed_window(transposed_layer::slides(), given ? &more : nullptr, input, problem);
  }
};

}  // namespace detail

/// The transpose of a convolution, which makes more positions of few: extents [steps, channels]
/// become [positions, Filters], with (steps - 1) * strides + max(Size, strides) positions for valid
/// and steps * strides for same; with output_padding<p>, less than strides, (steps - 1) * strides +
/// Size + p, or (steps - 1) * strides + Size % 2 + p. Options: strides<...>, padding (valid unless
/// told, or same), output_padding<...>, dilation_rate<...>, an activation, no_bias, initializers
/// and regularizers as `dense` takes them. Weights: kernel [Size, Filters, channels], bias
/// [Filters].
template <std::int64_t Filters, auto Size, auto... Options>
struct conv1d_transpose : detail::transposed_layer<conv1d_transpose<Filters, Size, Options...>, 1,
                                                   Filters, Size, Options...> {
  static constexpr std::string_view name = "conv1d_transpose";
};

/// The same over [rows, columns, channels]; Size is a number for both axes or size<rows, columns>,
/// and so are strides, output_padding and dilation_rate.
template <std::int64_t Filters, auto Size, auto... Options>
struct conv2d_transpose : detail::transposed_layer<conv2d_transpose<Filters, Size, Options...>, 2,
                                                   Filters, Size, Options...> {
  static constexpr std::string_view name = "conv2d_transpose";
};

/// The same over [depth, rows, columns, channels].
template <std::int64_t Filters, auto Size, auto... Options>
struct conv3d_transpose : detail::transposed_layer<conv3d_transpose<Filters, Size, Options...>, 3,
                                                   Filters, Size, Options...> {
  static constexpr std::string_view name = "conv3d_transpose";
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/filtering.hpp>
#include <typegrad/ops/convolution.hpp>

namespace typegrad {

namespace detail {

/// What is wrong with the numbers of filters and groups; empty if nothing is.
constexpr diagnosis groups_problem(std::int64_t filters, std::int64_t groups,
                                   std::int64_t channels) {
  if (filters <= 0) return sentence("filters must be positive, got ", filters);
  if (groups <= 0) return sentence("groups must be positive, got ", groups);
  if (channels % groups != 0)
    return sentence(groups, " groups do not divide ", channels, " channels");
  if (filters % groups != 0) return sentence(groups, " groups do not divide ", filters, " filters");
  return {};
}

template <class Self, int Spatial, std::int64_t Filters, auto Size, auto... Options>
struct convolution_layer : filtering<Self, Spatial, Size, Options...> {
  symbol kernel;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis wrong =
        convolution_layer::template wrong_options<options::groups, options::kernel_initializer,
                                                  options::kernel_regularizer>();
    diagnosis problem = wrong;
    window w;
    if (problem.empty()) w = window_over(slides(), input, problem);
    if (problem.empty()) problem = groups_problem(Filters, in_groups, input.back());
    if (!problem.empty()) return this->fail(problem);
    extents shape = build::detail::with_axes(w, Spatial, &window_axis::size);
    shape.push_back(input.back() / (in_groups > 0 ? in_groups : 1));
    shape.push_back(Filters);
    kernel = add("kernel", shape,
                 option_or<options::kernel_initializer, initializer>(glorot_uniform{}, Options...),
                 option_or<options::kernel_regularizer>(regularizer{}, Options...));
    this->make_bias(add, Filters);
  }

  constexpr symbol call(symbol x) {
    diagnosis problem;
    window w = window_over(slides(), x.shape(), problem);
    if (!problem.empty()) return poison(x.owner(), problem);
    w.groups = in_groups;
    return this->finished(build::convolution(x, kernel, w));
  }

  static void keras_config(config_writer& w) {
    convolution_layer::write_config(w);
    w.integer("filters", Filters);
    w.integer("groups", in_groups);
  }

 private:
  static constexpr std::int64_t in_groups = option_or<options::groups>(std::int64_t{1}, Options...);

  static constexpr sliding slides() {
    sliding s = convolution_layer::filtering::slides();
    s.takes_causal = Spatial == 1;
    return s;
  }
};

}  // namespace detail

/// activation(x convolved with the kernel + bias): extents [steps, channels] become
/// [positions, Filters]. Size is the kernel's. Options: strides<...>, padding (valid, same or
/// causal; valid unless told), dilation_rate<...>, groups<...>, an activation, no_bias,
/// initializers and regularizers as `dense` takes them. Weights: kernel [Size, channels / groups,
/// Filters], bias [Filters].
template <std::int64_t Filters, auto Size, auto... Options>
struct conv1d
    : detail::convolution_layer<conv1d<Filters, Size, Options...>, 1, Filters, Size, Options...> {
  static constexpr std::string_view name = "conv1d";
};

/// The same over [rows, columns, channels], with padding valid or same; Size is a number for both
/// axes or size<rows, columns>, and so are strides and dilation_rate.
/// Weights: kernel [Size..., channels / groups, Filters], bias [Filters].
template <std::int64_t Filters, auto Size, auto... Options>
struct conv2d
    : detail::convolution_layer<conv2d<Filters, Size, Options...>, 2, Filters, Size, Options...> {
  static constexpr std::string_view name = "conv2d";
};

/// The same over [depth, rows, columns, channels].
template <std::int64_t Filters, auto Size, auto... Options>
struct conv3d
    : detail::convolution_layer<conv3d<Filters, Size, Options...>, 3, Filters, Size, Options...> {
  static constexpr std::string_view name = "conv3d";
};

}  // namespace typegrad

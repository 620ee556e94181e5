// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/activations.hpp>
#include <typegrad/nn/config.hpp>
#include <typegrad/nn/initializers.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/regularizers.hpp>

namespace typegrad {

/// activation(x * kernel + bias) along the last axis: extents [..., n] become [..., Units].
/// Weights: kernel [n, Units], bias [Units]. Options: an activation, no_bias, initializers (an
/// initializer is the kernel's; bias_initializer(...)), regularizers (l1, l2, l1_l2 are the
/// kernel's; bias_regularizer(...), activity_regularizer(...)).
template <std::int64_t Units, auto... Options>
struct dense : layer<dense<Units, Options...>> {
  static constexpr std::string_view name = "dense";
  symbol kernel, bias;

  constexpr void build(weights& add, extents input) {
    if (Units <= 0) return this->fail(sentence("units must be positive, got ", Units));
    constexpr diagnosis problem =
        options_problem<options::activation, options::bias, options::kernel_initializer,
                        options::bias_initializer, options::kernel_regularizer,
                        options::bias_regularizer, options::activity_regularizer>(name, Options...);
    if (!problem.empty()) return this->fail(problem);
    if (input.rank == 0)
      return this->fail(
          diagnosis{"needs at least one axis, got a scalar; put reshape<1> before it"});
    kernel = add("kernel", {input.back(), Units},
                 option_or<options::kernel_initializer, initializer>(glorot_uniform{}, Options...),
                 option_or<options::kernel_regularizer>(regularizer{}, Options...));
    if (option_or<options::bias>(true, Options...))
      bias = add("bias", {Units},
                 option_or<options::bias_initializer, initializer>(zeros{}, Options...),
                 option_or<options::bias_regularizer>(regularizer{}, Options...));
  }

  constexpr symbol call(symbol x) {
    symbol y = matmul(x, kernel);
    if (option_or<options::bias>(true, Options...)) y = y + bias;
    y = detail::activated(y, Options...);
    constexpr auto activity = option_or<options::activity_regularizer>(regularizer{}, Options...);
    if (activity != regularizer{}) this->add_loss(penalty(activity, y));
    return y;
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    w.integer("units", Units);
    w.flag("use_bias", option_or<options::bias>(true, Options...));
    (detail::write_option(w, Options), ...);
  }
};

}  // namespace typegrad

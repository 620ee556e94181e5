// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/activations.hpp>
#include <typegrad/nn/config.hpp>
#include <typegrad/nn/initializers.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/regularizers.hpp>
#include <typegrad/nn/sliding.hpp>

namespace typegrad::detail {

/// What the layers with filters (convolutions of every kind) have in common: how they slide, and
/// bias, activation and activity regularizer of their results.
template <class Self, int Spatial, auto Size, auto... Options>
struct filtering : layer<Self> {
  symbol bias;

 protected:
  static constexpr bool biased = option_or<options::bias>(true, Options...);

  static constexpr sliding slides() {
    sliding s;
    s.spatial = Spatial;
    if constexpr (has_option<options::size>(sized(Size)))
      s.size = option_or<options::size>(axis_numbers{1}, sized(Size));
    s.strides = option_or<options::strides>(axis_numbers{1}, Options...);
    s.dilation_rate = option_or<options::dilation_rate>(axis_numbers{1}, Options...);
    s.padding = option_or<options::padding>(padding_mode::valid, Options...);
    return s;
  }

  /// What is wrong with the options, of which those tagged Taken are fine besides what every layer
  /// of this kind takes.
  template <class... Taken>
  static constexpr diagnosis wrong_options() {
    if constexpr (!has_option<options::size>(sized(Size)))
      return sentence("needs a kernel size, a number or size<...>, in place of option (",
                      option_tag<decltype(Size)>::name, ")");
    else
      return options_problem<options::activation, options::bias, options::padding, options::strides,
                             options::dilation_rate, options::bias_initializer,
                             options::bias_regularizer, options::activity_regularizer, Taken...>(
          Self::name, Options...);
  }

  /// What all of them are in Keras: the class, how they slide, and what `finished` does.
  static void write_config(config_writer& w) {
    constexpr sliding s = slides();
    w.layer(Self::name);
    write_numbers(w, "kernel_size", s.size, Spatial);
    write_numbers(w, "strides", s.strides, Spatial);
    write_numbers(w, "dilation_rate", s.dilation_rate, Spatial);
    w.text("padding", name_of(s.padding));
    w.flag("use_bias", biased);
    (write_option(w, Options), ...);
  }

  constexpr void make_bias(weights& add, std::int64_t filters) {
    if (biased)
      bias = add("bias", {filters},
                 option_or<options::bias_initializer, initializer>(zeros{}, Options...),
                 option_or<options::bias_regularizer>(regularizer{}, Options...));
  }

  constexpr symbol finished(symbol y) {
    if (biased) y = y + bias;
    y = activated(y, Options...);
    constexpr auto activity = option_or<options::activity_regularizer>(regularizer{}, Options...);
    if (activity != regularizer{}) this->add_loss(penalty(activity, y));
    return y;
  }
};

}  // namespace typegrad::detail

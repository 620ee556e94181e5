// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/activations.hpp>
#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>

namespace typegrad {

/// An activation as a layer: activation<relu>, activation<leaky_relu(0.3f)>.
template <auto Function>
struct activation : layer<activation<Function>> {
  constexpr symbol call(symbol x) const { return Function(x); }

  static void keras_config(config_writer& w) {
    w.layer("Activation");
    detail::write_activation(w, Function);
  }
};

/// Gives what it gets.
struct identity : layer<identity> {
  constexpr symbol call(symbol x) const { return x; }

  static void keras_config(config_writer& w) { w.layer("Identity"); }
};

}  // namespace typegrad

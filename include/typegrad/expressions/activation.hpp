// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/elementwise.hpp>

#include <cstring>
#include <type_traits>

namespace typegrad {

/// What a call of one of the activations (nn/activations.hpp) with an expression gives: relu(x),
/// softmax(matmul(x, w)). Parameters are part of an expression's type: instead of
/// leaky_relu(0.1f)(x) one writes apply<leaky_relu(0.1f)>(x); std::invalid_argument otherwise.
template <class Activation, expressions::valued X>
constexpr auto apply_activation(Activation const& f, X&& x) {
  if constexpr (!std::is_empty_v<Activation>) {
    Activation const usual{};
    if (std::memcmp(&f, &usual, sizeof f) != 0)
      expressions::refuse(
          "an activation with parameters is applied to an expression by apply<f>(x), "
          "as apply<leaky_relu(0.1f)>(x)");
  }
  return apply_to_expressions(f, std::forward<X>(x));
}

}  // namespace typegrad

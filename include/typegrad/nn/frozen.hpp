// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/symbol.hpp>

#include <concepts>

namespace typegrad {

/// Layer, whose weights (those made when it is first called) are not trained. It has Layer's own
/// name, so that weights keep their paths when a layer is frozen.
template <class Layer>
struct frozen : Layer {
  template <std::convertible_to<symbol>... Rest>
  constexpr symbol operator()(symbol x, Rest... rest) {
    if (!x.valid()) return x;
    graph& g = x.owner();
    bool const before = g.trainable;
    g.trainable = false;
    symbol const y = Layer::operator()(x, rest...);
    g.trainable = before;
    return y;
  }
};

}  // namespace typegrad

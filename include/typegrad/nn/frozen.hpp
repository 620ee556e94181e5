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
  constexpr auto operator()(symbol x, Rest... rest) {
    bool const known = x.valid();
    bool const before = known && x.owner().trainable;
    if (known) x.owner().trainable = false;
    auto const y = Layer::operator()(x, rest...);
    if (known) x.owner().trainable = before;
    return y;
  }
};

}  // namespace typegrad

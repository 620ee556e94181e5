// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/layer.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

namespace typegrad {

/// Layer, whose weights (those made when it is first called) are not trained. It has Layer's own
/// name, so that weights keep their paths when a layer is frozen. A model that is frozen is one
/// whose weights are not trained.
template <class Layer>
struct frozen : Layer {
  static constexpr std::string_view name = detail::layer_name_of<Layer>.view();

  template <std::convertible_to<symbol>... Rest>
  constexpr auto operator()(symbol x, Rest... rest) {
    bool const known = x.valid();
    bool const before = known && x.owner().trainable;
    if (known) x.owner().trainable = false;
    auto const y = Layer::operator()(x, rest...);
    if (known) x.owner().trainable = before;
    return y;
  }

  template <class Graph>
  requires requires(Graph& g) { Layer::trace(g); }
  static constexpr void trace(Graph& g) {
    bool const before = g.trainable;
    g.trainable = false;
    Layer::trace(g);
    g.trainable = before;
  }
  template <class... Given>
  requires requires(graph& g) { Layer::trace_as(g, std::declval<Given const&>()...); }
  static constexpr void trace_as(graph& g, Given const&... given) {
    bool const before = g.trainable;
    g.trainable = false;
    Layer::trace_as(g, given...);
    g.trainable = before;
  }
};

/// What is no class has nothing to freeze.
template <class Layer>
requires(!std::is_class_v<Layer>)
struct frozen<Layer> {
  static constexpr void trace(graph& g) {
    g.fail(sentence("frozen: ", type_name<Layer>(), " is neither a layer nor a model"));
  }
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/symbol.hpp>

#include <string_view>

namespace typegrad {

/// A penalty on a weight, added to the training loss: l1 * sum(|w|) + l2 * sum(w * w).
struct regularizer {
  float l1 = 0;
  float l2 = 0;
  constexpr bool operator==(regularizer const&) const = default;
};

/// Handed to a layer's `build`: makes the layer's weights.
class weights {
 public:
  constexpr explicit weights(graph& g) : graph_{&g} {}

  /// A weight called `name` within its layer. Anything that converts to `initializer` says how it
  /// starts. Requires positive extents.
  template <class Initializer>
  constexpr symbol operator()(std::string_view name, extents shape, Initializer initial,
                              regularizer penalty = {}, bool trainable = true) {
    return make(name, shape, static_cast<initializer>(initial), penalty, trainable, false);
  }

  /// An array that is kept with the weights and not trained, but changes in training: the layer
  /// says what it becomes after a step (`layer::update`). Within `frozen` it stays as it is.
  template <class Initializer>
  constexpr symbol state(std::string_view name, extents shape, Initializer initial) {
    return make(name, shape, static_cast<initializer>(initial), {}, false, true);
  }

 private:
  constexpr symbol make(std::string_view name, extents const& shape, initializer initial,
                        regularizer penalty, bool trainable, bool state) {
    graph& g = *graph_;
    if (g.failed()) return symbol{g, -1};
    for (std::int64_t const n : shape)
      if (n <= 0)
        return poison(g, sentence("weight ", name, " needs positive extents, got ",
                                  to_text(shape)));
    weight_info w;
    w.path.append(g.scope.path);
    if (!g.scope.path.empty()) w.path.append('/');
    w.path.append(name);
    w.shape = shape;
    w.initial = initial;
    w.l1 = penalty.l1;
    w.l2 = penalty.l2;
    w.trainable = trainable && g.trainable;
    w.state = state && g.trainable;
    node n;
    n.code = op::weight;
    n.shape = shape;
    n.index = g.weights.size();
    g.weights.push_back(w);
    return symbol{g, g.add(n, nullptr, 0)};
  }

  graph* graph_;
};

}  // namespace typegrad

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
        return poison(g,
                      sentence("weight ", name, " needs positive extents, got ", to_text(shape)));
    weight_info w;
    w.path.append(g.scope.path);
    if (!g.scope.path.empty()) w.path.append('/');
    w.path.append(name);
    if (g.again)
      for (int i = 0; i < g.weights.size(); ++i)
        if (g.weights[i].path == w.path) return known(i, shape);
    w.shape = shape;
    w.initial = initial;
    w.l1 = penalty.l1;
    w.l2 = penalty.l2;
    w.trainable = trainable && g.trainable;
    w.state = state && g.trainable;
    g.weights.push_back(w);
    return node_of(g.weights.size() - 1);
  }
  constexpr symbol known(int index, extents const& shape) {
    weight_info const& w = graph_->weights[index];
    if (!(w.shape == shape))
      return poison(*graph_,
                    sentence("weight ", w.path, " has extents ", to_text(w.shape),
                             " and cannot be shared with a call that needs ", to_text(shape)));
    return node_of(index);
  }
  constexpr symbol node_of(int index) {
    node n;
    n.code = op::weight;
    n.shape = graph_->weights[index].shape;
    n.index = index;
    return symbol{*graph_, graph_->add(n, nullptr, 0)};
  }

  graph* graph_;
};

}  // namespace typegrad

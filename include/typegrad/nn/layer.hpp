// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/type_name.hpp>
#include <typegrad/graph/weights.hpp>
#include <typegrad/ops/build.hpp>

#include <concepts>
#include <string_view>

namespace typegrad {

namespace detail {

template <class Layer>
constexpr name_text layer_name() {
  if constexpr (requires { std::string_view{Layer::name}; })
    return name_text{std::string_view{Layer::name}};
  else
    return type_name<Layer>();
}

/// What layers of this class are called: the static member `name`, or else the class's own name.
template <class Layer>
inline constexpr name_text layer_name_of = layer_name<Layer>();

/// `name` made unique among the layers of the current scope: dense, dense_1, dense_2, ...
constexpr name_text unique_name(graph& g, name_text const& name) {
  int count = g.count_name(name);
  if (count == 0) return name;
  for (;; count = g.count_name(name)) {
    name_text numbered = name;
    numbered.append('_').append(count);
    if (g.count_name(numbered) == 0) return numbered;
  }
}

/// Sets the diagnosis if a weight made from `first` on cannot be.
constexpr void check_weights(graph& g, int first) {
  for (int i = first; i < g.weights.size(); ++i) {
    weight_info const& w = g.weights[i];
    for (int j = first; j < i; ++j)
      if (g.weights[j].path == w.path)
        return g.fail(sentence("build makes two weights of the path ", w.path));
    auto const kind = w.initial.distribution;
    if (kind == initializer::kind::identity && w.shape.rank != 2)
      return g.fail(sentence("weight ", w.path, ": an identity needs two axes, got extents ",
                             to_text(w.shape)));
    if (kind == initializer::kind::orthogonal && w.shape.rank < 2)
      return g.fail(sentence("weight ", w.path,
                             ": an orthogonal matrix needs two axes or more, got extents ",
                             to_text(w.shape)));
  }
}

constexpr void update(graph& g, symbol state, symbol value) {
  if (!g.trainable || g.failed()) return;
  bool const known = state.valid() && state.info().code == op::weight;
  if (!known || !g.weights[state.info().index].state)
    return g.fail(diagnosis{"update: the first argument must be what build made with add.state"});
  int const weight = state.info().index;
  if (!value.valid()) return g.fail(diagnosis{"update: the new value is empty"});
  if (value.per_sample() || !(value.shape() == state.shape()))
    return g.fail(sentence("update: ", g.weights[weight].path, " needs a value of extents ",
                           to_text(state.shape()), " that all samples share, got ",
                           to_text(value.shape()),
                           value.per_sample() ? " a sample; use batch_mean" : ""));
  if (!g.training) return;
  value = build::cast(value, state.type());
  for (state_update& u : g.updates)
    if (u.weight == weight) {
      u.node = value.id();
      return;
    }
  g.updates.push_back({weight, value.id()});
}

/// The scope of a layer while it is called.
class layer_call {
 public:
  constexpr layer_call(graph& g, layer_scope const& scope) : graph_{&g}, outer_{g.scope} {
    g.scope = scope;
    ++g.layer_depth;
  }
  layer_call(layer_call const&) = delete;
  layer_call& operator=(layer_call const&) = delete;
  constexpr ~layer_call() {
    --graph_->layer_depth;
    graph_->scope = outer_;
  }

 private:
  graph* graph_;
  layer_scope outer_;
};

}  // namespace detail

/// The base of every layer: `struct mine : layer<mine> { constexpr symbol call(symbol x); };`
/// Calling a layer object the first time gives it its path (the class's name, unique among its
/// neighbours; a static member `name` overrides it) and calls `build(weights& add, extents input)`
/// if there is one (`build(add)` and one extents for each argument are fine as well). Calling the
/// object again shares its weights. Requires that `call` returns a symbol.
template <class Derived>
class layer {
 public:
  template <std::convertible_to<symbol>... Rest>
  constexpr symbol operator()(symbol x, Rest... rest) {
    if (!x.valid() || x.owner().failed()) return x.valid() ? symbol{x.owner(), -1} : x;
    graph& g = x.owner();
    auto& self = static_cast<Derived&>(*this);
    bool const first = graph_ != &g;
    if (first) begin(g);
    detail::layer_call const scope{g, g.layers[record_].scope};
    if constexpr (requires {
                    { self.call(x, rest...) } -> std::convertible_to<symbol>;
                  }) {
      if (first) build(self, x, rest...);
      if (g.failed()) return symbol{g, -1};
      symbol const y = self.call(x, rest...);
      if (!y.valid()) g.fail(diagnosis{"call must return a symbol; the one that it returned is empty"});
      if (first) finish(y);
      return y;
    } else if constexpr (requires { self.call(x, rest...); }) {
      return poison(g, diagnosis{"call must return a symbol"});
    } else {
      return poison(g, sentence("has no call that takes ", static_cast<int>(1 + sizeof...(rest)),
                                sizeof...(rest) == 0 ? " symbol" : " symbols"));
    }
  }

  /// "block/dense": unique in the model; empty before the first call.
  constexpr std::string_view path() const {
    return graph_ == nullptr ? std::string_view{} : graph_->layers[record_].scope.path.view();
  }

 protected:
  /// Whether the graph being traced is for training. Only while the layer is called.
  constexpr bool training() const { return graph_->training; }
  /// Whether weights made now are trained: false within `frozen`. Only while the layer is called.
  constexpr bool trainable() const { return graph_->trainable; }
  /// Adds to the training loss: a value per sample, which is averaged over the batch (all elements
  /// of a sample are added up), or a shared one.
  constexpr void add_loss(symbol value) {
    if (value.valid() && !graph_->failed()) graph_->losses.push_back(value.id());
  }
  /// In training: what `state` (made with `weights::state`) is after this step, if the step's loss
  /// is finite. A second update replaces the first; `latest` tells how far it got. Requires a value
  /// of the state's extents that is shared by the samples. Changes nothing while predicting, and
  /// nothing of what is frozen.
  constexpr void update(symbol state, symbol value) { detail::update(*graph_, state, value); }
  /// `state` as this step's updates up to now leave it.
  constexpr symbol latest(symbol state) const {
    if (state.valid())
      for (state_update const& u : graph_->updates)
        if (u.weight == state.info().index) return {*graph_, u.node};
    return state;
  }
  /// Sets the diagnosis: what is needed, what came, what to do. Only while the layer is called.
  constexpr void fail(diagnosis const& what) { graph_->fail(what); }

 private:
  constexpr void begin(graph& g) {
    graph_ = &g;
    record_ = g.layers.size();
    layer_record r;
    r.class_name = detail::layer_name_of<Derived>;
    name_text const name = detail::unique_name(g, r.class_name);
    r.scope = g.scope;
    if (!r.scope.description.empty()) r.scope.description.append(r.scope.path.empty() ? ", " : "/");
    if (!r.scope.path.empty()) r.scope.path.append('/');
    r.scope.path.append(name);
    r.scope.description.append(name);
    r.depth = g.layer_depth;
    r.first_weight = g.weights.size();
    g.layers.push_back(r);
  }
  template <class... Rest>
  constexpr void build(Derived& self, symbol x, Rest... rest) {
    weights add{*graph_};
    int const first = graph_->weights.size();
    if constexpr (requires { self.build(add, x.shape(), symbol{rest}.shape()...); })
      self.build(add, x.shape(), symbol{rest}.shape()...);
    else if constexpr (requires { self.build(add, x.shape()); })
      self.build(add, x.shape());
    else if constexpr (requires { self.build(add); })
      self.build(add);
    detail::check_weights(*graph_, first);
  }
  constexpr void finish(symbol y) {
    layer_record& r = graph_->layers[record_];
    r.output = y.shape();
    r.weights_end = graph_->weights.size();
  }

  graph* graph_ = nullptr;
  int record_ = 0;
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/diagnosis.hpp>
#include <typegrad/core/type_name.hpp>
#include <typegrad/graph/weights.hpp>
#include <typegrad/nn/outputs.hpp>
#include <typegrad/ops/build.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

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

/// What is wrong with a layer that no model can make, as it knows nothing to make it from.
template <class Layer>
constexpr diagnosis no_default_constructor() {
  return sentence(layer_name_of<Layer>,
                  " needs a default constructor: what it is made from are template arguments");
}

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

/// A name that a layer was given: no other in the current scope may have it.
constexpr name_text own_name(graph& g, std::string_view given) {
  name_text const name{given};
  if (given.find('/') != std::string_view::npos)
    g.fail(sentence("with_name: a name has no \"/\", got \"", given, '"'));
  else if (g.count_name(name) > 0)
    g.fail(sentence("with_name: two layers in one place are called \"", given, '"'));
  return name;
}

/// Layers within layers; beyond that one is taken to call itself without end.
inline constexpr int deepest_call = 40;

/// The diagnosis of the outermost layer, as the path is that of all.
constexpr symbol endless(graph& g) {
  std::string_view const all = g.scope.description.view();
  g.scope.description = name_text{all.substr(0, all.find('/'))};
  return poison(g, sentence("calls layers within layers, ", deepest_call,
                            " deep; a layer must not call itself without end"));
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

/// Under its name, numbered if there is one of that name already: name, name_1, name_2, ...
constexpr void add_metric(graph& g, std::string_view name, symbol value) {
  name_text numbered{name};
  for (int number = 1, i = 0; i < g.metrics.size(); ++i)
    if (g.metrics[i].name == numbered) {
      numbered = name_text{name};
      numbered.append('_').append(number++);
      i = -1;
    }
  g.metrics.push_back({numbered, value.id()});
}

/// The scope of a layer while it is called, and what is kept of the call.
class layer_call {
 public:
  template <class... Inputs>
  constexpr layer_call(graph& g, int layer, Inputs... inputs)
      : graph_{&g}, outer_{g.scope}, outer_layer_{g.layer}, number_{g.calls.size()} {
    call_record r;
    r.layer = layer;
    r.depth = g.layer_depth++;
    r.first_value = g.call_values.size();
    r.inputs = static_cast<int>(sizeof...(inputs));
    (g.call_values.push_back(symbol{inputs}.id()), ...);
    g.calls.push_back(r);
    g.scope = g.layers[layer].scope;
    g.layer = layer;
  }
  layer_call(layer_call const&) = delete;
  layer_call& operator=(layer_call const&) = delete;
  constexpr ~layer_call() {
    --graph_->layer_depth;
    graph_->scope = outer_;
    graph_->layer = outer_layer_;
  }

  /// What the call gave. Its values are moved behind those of the calls within it.
  template <class Result>
  constexpr void gives(Result const& result) const {
    if (graph_->failed()) return;
    call_record& r = graph_->calls[number_];
    int const first = graph_->call_values.size();
    for (int i = 0; i < r.inputs; ++i)
      graph_->call_values.push_back(graph_->call_values[r.first_value + i]);
    r.first_value = first;
    each_output(result, [&](symbol one) {
      graph_->call_values.push_back(one.id());
      ++r.outputs;
    });
    r.end = graph_->calls.size();
  }

 private:
  graph* graph_;
  layer_scope outer_;
  int outer_layer_;
  int number_;
};

/// While it lives, and if `again`, layers that are made find the weights of those that were made in
/// this place before.
class traced_again {
 public:
  constexpr traced_again(graph& g, bool again) : graph_{&g}, outer_{g.again} {
    if (!again) return;
    g.again = true;
    g.forget_names(g.scope.path);
  }
  traced_again(traced_again const&) = delete;
  traced_again& operator=(traced_again const&) = delete;
  constexpr ~traced_again() { graph_->again = outer_; }

 private:
  graph* graph_;
  bool outer_;
};

// These look at a call without function parameters: nvcc 13 fails at packs of those in `requires`.

/// As many extents as there are symbols, for those.
template <class>
constexpr extents extents_for() {
  return {};
}

/// Whether a layer can be called with one symbol and those of Rest, and whether that gives a
/// result.
template <class Layer, class... Rest>
constexpr bool calls() {
  return requires(Layer& l, symbol x) { l.call(x, std::declval<Rest>()...); };
}
template <class Layer, class... Rest>
constexpr bool calls_well() {
  return requires(Layer& l, symbol x) {
    { l.call(x, std::declval<Rest>()...) } -> call_result;
  };
}

/// What a call of the layer with one symbol and those of Rest gives: a pack if its `call` does,
/// otherwise a symbol, poisoned where that is wrong.
template <class Layer, class... Rest>
constexpr auto call_type() {
  if constexpr (calls_well<Layer, Rest...>())
    return std::type_identity<
        result_of_call<decltype(std::declval<Layer&>().call(symbol{}, std::declval<Rest>()...))>>{};
  else
    return std::type_identity<symbol>{};
}
template <class Layer, class... Rest>
using called = typename decltype(call_type<Layer, Rest...>())::type;

struct model_call;

}  // namespace detail

template <fixed_string Name, class Layer>
struct with_name;

/// The base of every layer: `struct mine : layer<mine> { constexpr symbol call(symbol x); };`
/// Calling a layer object the first time gives it its path (the class's name, unique among its
/// neighbours; a static member `name` overrides it) and calls `build(weights& add, extents input)`
/// if there is one (`build(add)` and one extents for each argument are fine as well). Calling the
/// object again shares its weights. Requires that `call` returns a symbol.
template <class Derived>
class layer {
 public:
  template <std::convertible_to<symbol>... Rest>
  constexpr detail::called<Derived, Rest...> operator()(symbol x, Rest... rest) {
    using result = detail::called<Derived, Rest...>;
    if (!x.valid() || x.owner().failed())
      return detail::poisoned_result<result>(x.valid() ? symbol{x.owner(), -1} : x);
    graph& g = x.owner();
    if (g.layer_depth >= detail::deepest_call)
      return detail::poisoned_result<result>(detail::endless(g));
    bool const first = graph_ != &g;
    if (first) begin(g);
    detail::layer_call const scope{g, record_, x, rest...};
    result const y = run(g, first, x, rest...);
    if (first) finish(y);
    scope.gives(y);
    return y;
  }
  /// What is no symbol is told so.
  template <class X, class... Rest>
  requires(!(std::convertible_to<X const&, symbol> &&
             (std::convertible_to<Rest const&, symbol> && ...)))
  constexpr symbol operator()(X const&, Rest const&...) {
    static_assert(is_right<sizeof(X)>,
                  "a layer is called with symbols, in the call of another one; for arrays put it "
                  "into a model, predictor<sequential<input<8>, ...>>; one of several outputs is "
                  "both[\"name\"_n]");
    return {};
  }

  /// "block/dense": unique in the model; empty before the first call, and for the model itself.
  constexpr std::string_view path() const {
    return graph_ == nullptr || record_ < 0 ? std::string_view{}
                                            : graph_->layers[record_].scope.path.view();
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
  /// Measures a value in training and evaluation, beside the model's metrics: one per sample, which
  /// is averaged over the batch (all elements of a sample are averaged), or a shared one. A name
  /// that is taken (the layer is called twice) is numbered: name_1.
  constexpr void add_metric(std::string_view name, symbol value) {
    if (value.valid() && !graph_->failed()) detail::add_metric(*graph_, name, value);
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
  friend struct detail::model_call;
  template <fixed_string, class>
  friend struct with_name;

  /// What `call` gives, after the weights are built if this is the first time.
  template <class... Rest>
  constexpr auto run(graph& g, bool first, symbol x, Rest... rest)
      -> detail::called<Derived, Rest...> {
    auto& self = static_cast<Derived&>(*this);
    using result = detail::called<Derived, Rest...>;
    result const wrong = detail::poisoned_result<result>(symbol{g, -1});
    if constexpr (detail::calls_well<Derived, Rest...>()) {
      if (first) build(self, x, rest...);
      if (g.failed()) return wrong;
      result const y = detail::as_result(self.call(x, rest...));
      detail::each_output(y, [&g](symbol one) {
        if (!one.valid())
          g.fail(diagnosis{"call must return a symbol; the one that it returned is empty"});
      });
      return y;
    } else {
      if constexpr (detail::calls<Derived, Rest...>())
        g.fail(diagnosis{"call must return a symbol"});
      else
        g.fail(sentence("has no call that takes ", static_cast<int>(1 + sizeof...(rest)),
                        sizeof...(rest) == 0
                            ? " symbol; write a public `constexpr symbol call(symbol)`"
                            : " symbols; write a public one"));
      return wrong;
    }
  }
  /// The call of a model by itself: its layers' paths begin with their own names.
  template <class... Rest>
  constexpr auto run_as_model(graph& g, symbol x, Rest... rest) {
    graph_ = &g;
    record_ = -1;
    return run(g, true, x, rest...);
  }

  constexpr void begin(graph& g) {
    graph_ = &g;
    record_ = g.layers.size();
    layer_record r;
    r.class_name = detail::layer_name_of<Derived>;
    if constexpr (requires(config_writer& w) { Derived::keras_config(w); })
      r.keras_config = &Derived::keras_config;
    name_text const name = given_name_.empty() ? detail::unique_name(g, r.class_name)
                                               : detail::own_name(g, given_name_);
    r.scope = g.scope;
    if (!r.scope.description.empty()) r.scope.description.append(r.scope.path.empty() ? ", " : "/");
    if (!r.scope.path.empty()) r.scope.path.append('/');
    r.scope.path.append(name);
    r.scope.description.append(name);
    r.depth = g.layer_depth;
    r.first_weight = g.weights.size();
    if (g.again)
      for (int i = 0; i < g.layers.size(); ++i)
        if (g.layers[i].scope.path == r.scope.path) return void(record_ = i);
    if (g.again)
      g.fail(sentence("a functional that is called again must make the layers of its first call; ",
                      name, " is another one"));
    g.layers.push_back(r);
  }
  template <class... Rest>
  constexpr void build(Derived& self, symbol x, Rest... rest) {
    weights add{*graph_};
    int const first = graph_->weights.size();
    if constexpr (requires { self.build(add, x.shape(), detail::extents_for<Rest>()...); })
      self.build(add, x.shape(), symbol{rest}.shape()...);
    else if constexpr (requires { self.build(add, x.shape()); })
      self.build(add, x.shape());
    else if constexpr (requires { self.build(add); })
      self.build(add);
    else if constexpr (requires { &Derived::build; })
      graph_->fail(diagnosis{
          "has a build that cannot be called; write a public `constexpr void build(weights& "
          "add, extents input)`, or without the extents"});
    detail::check_weights(*graph_, first);
  }
  template <class Result>
  constexpr void finish(Result const& y) {
    if (graph_->again) return;
    layer_record& r = graph_->layers[record_];
    r.output = detail::first_output(y).shape();
    r.weights_end = graph_->weights.size();
  }

  std::string_view given_name_;
  graph* graph_ = nullptr;
  int record_ = 0;
};

}  // namespace typegrad

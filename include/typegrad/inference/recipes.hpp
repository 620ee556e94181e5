// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/core/type_name.hpp>
#include <typegrad/nn/model.hpp>
#include <typegrad/ops/elementwise.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

// The graphs of a model that is used: what it predicts, and gradients of that.
namespace typegrad::inference_detail {

/// The nodes of all inputs or all weights, -1 for those that nothing reads.
constexpr list<int> leaf_nodes(graph const& g, op code, int count) {
  list<int> nodes(count, -1);
  for (int id = 0; id < g.size(); ++id)
    if (g[id].code == code) nodes[g[id].index] = id;
  return nodes;
}

/// The gradients of the objective for the nodes, -1 where there is no node or no dependence.
constexpr list<int> gradients_of(graph& g, symbol objective, list<int> const& nodes) {
  list<int> wanted;
  for (int const id : nodes)
    if (id >= 0) wanted.push_back(id);
  list<int> const found = differentiate(g, objective, wanted);
  list<int> all(nodes.size(), -1);
  for (int i = 0, next = 0; i < nodes.size(); ++i)
    if (nodes[i] >= 0) all[i] = found[next++];
  return all;
}

/// Several outputs of a model as what its `call` gave: a pack of them under their names.
template <class Model,
          class Indices = std::make_index_sequence<std::size_t(traced<Model>::facts.outputs)>>
struct outputs_of_model;
template <class Model, std::size_t... I>
struct outputs_of_model<Model, std::index_sequence<I...>> {
  template <std::size_t Index>
  static constexpr auto name_of() {
    constexpr name_text t = ports_of<Model>.outputs[Index].name;
    return [&]<std::size_t... C>(std::index_sequence<C...>) {
      return fixed_string<t.length + 1>{{t.characters[C]..., '\0'}};
    }(std::make_index_sequence<t.length>{});
  }
  using type = output_pack<name_constant<name_of<I>()>...>;
};

/// What an objective of a model is given: a symbol, or a pack of several outputs.
template <class Model>
using prediction_of =
    typename std::conditional_t<(traced<Model>::facts.outputs > 1), outputs_of_model<Model>,
                                std::type_identity<symbol>>::type;
template <class Model>
constexpr prediction_of<Model> prediction(graph& g, list<int> const& outputs) {
  if constexpr (traced<Model>::facts.outputs > 1) {
    prediction_of<Model> pack;
    for (int i = 0; i < outputs.size(); ++i) pack.values[std::size_t(i)] = {g, outputs[i]};
    return pack;
  } else {
    return {g, outputs[0]};
  }
}

/// Predictions are float32 and one a sample, whatever the model computes last.
constexpr graph with_float_outputs(graph g) {
  for (int i = 0; i < g.outputs.size() && !g.failed(); ++i)
    g.outputs[i] = build::spread(build::cast(symbol{g, g.outputs[i]}, dtype::float32)).id();
  return g;
}

/// inputs: the model's; outputs: the model's.
template <class Model>
struct prediction_recipe {
  static constexpr graph build() { return with_float_outputs(trace<Model>()); }
};

/// The objective's value for these arguments, if it is a function of them that captures nothing and
/// returns a symbol; else poison, with a sentence.
template <class Objective, class... Arguments>
constexpr symbol objective_value(graph& g, Arguments const&... arguments) {
  if constexpr (!std::is_invocable_r_v<symbol, Objective, Arguments const&...>)
    return poison(g, sentence("the objective must be a function of the output that returns "
                              "a symbol, got ",
                              type_name<Objective>()));
  else if constexpr (!std::is_empty_v<Objective> || !std::is_default_constructible_v<Objective>)
    return poison(g, diagnosis{"the objective must capture nothing; what else it needs are "
                               "constants, or inputs of the model"});
  else
    return Objective{}(arguments...);
}

/// inputs: the model's; outputs: the objective's value, its gradient for each input and for each
/// weight.
template <class Model, class Objective>
struct gradient_recipe {
  static constexpr diagnosis sentence() { return build().error; }
  static constexpr graph build() {
    graph g = trace<Model>();
    if (g.failed()) return g;
    g.scope.description = name_text{"gradient"};
    symbol objective = objective_value<Objective>(g, prediction<Model>(g, g.outputs));
    if (!g.failed() && !objective.valid())
      g.fail(diagnosis{"the objective must return a symbol computed from its argument"});
    if (g.failed()) return g;
    if (objective.rank() != 0)
      g.fail(typegrad::sentence("the objective must be a number a sample, got extents ",
                                to_text(objective.shape()), "; sum it"));
    if (g.failed()) return g;
    g.scope.description = {};
    objective = batch_sum(objective);
    list<int> leaves = leaf_nodes(g, op::input, g.inputs.size());
    for (int const id : leaf_nodes(g, op::weight, g.weights.size())) leaves.push_back(id);
    list<int> const gradients = gradients_of(g, objective, leaves);
    if (g.failed()) return g;
    g.outputs.clear();
    g.outputs.push_back(objective.id());
    for (int i = 0; i < gradients.size(); ++i) {
      int id = gradients[i];
      if (id < 0) {
        bool const input = i < g.inputs.size();
        symbol const none = build::constant(
            g, 0, dtype::float32, input ? g.inputs[i].shape : g.weights[i - g.inputs.size()].shape);
        id = (input ? build::spread(none) : none).id();
      }
      g.outputs.push_back(id);
    }
    return g;
  }
};

}  // namespace typegrad::inference_detail

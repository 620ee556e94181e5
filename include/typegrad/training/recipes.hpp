// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/recipes.hpp>
#include <typegrad/ops/operators.hpp>
#include <typegrad/ops/reduction.hpp>

// The graphs of a model that is trained.
namespace typegrad::training_detail {

/// The penalties that weights carry, added to `total`.
constexpr symbol add_penalties(graph& g, symbol total) {
  list<int> const nodes = inference_detail::leaf_nodes(g, op::weight, g.weights.size());
  for (int i = 0; i < g.weights.size(); ++i) {
    if (nodes[i] < 0) continue;
    symbol const w{g, nodes[i]};
    auto const l1 = static_cast<double>(g.weights[i].l1);
    auto const l2 = static_cast<double>(g.weights[i].l2);
    if (l1 != 0) total = total + l1 * sum(abs(w));
    if (l2 != 0) total = total + l2 * sum(square(w));
  }
  return total;
}

/// What layers added, each averaged over the batch.
constexpr symbol add_layer_losses(graph& g, symbol total) {
  list<int> const losses = g.losses;
  for (int const id : losses) total = total + batch_mean(sum(symbol{g, id}));
  return total;
}

/// Adds loss and metrics to the graph of a model.
///   inputs   the model's, target, sample_weight
///   outputs  the loss (mean of loss * sample_weight over the batch, with penalties and what layers
///            added), and the sum over the batch of each metric
/// A wrong one has no outputs, and an error.
template <class Loss, class... Metrics>
constexpr void attach_loss(graph& g) {
  if (g.failed()) return;
  g.scope.description = name_text{"compile"};
  list<int> const values = g.outputs;
  g.outputs.clear();
  if (values.size() != 1)
    return g.fail(sentence("needs a model of one output, this one has ", values.size()));
  symbol const prediction{g, values[0]};
  auto const wanted = Loss::target(prediction.shape());
  if (!wanted.error.empty()) return g.fail(wanted.error);
  symbol const target = build::input(g, "target", wanted.shape, wanted.type);
  symbol const weight = build::input(g, "sample_weight", extents{});
  symbol total = batch_mean(Loss{}(target, prediction) * weight);
  total = add_layer_losses(g, add_penalties(g, total));
  list<int> outputs;
  outputs.push_back(total.id());
  symbol metric;
  ((metric = batch_sum(Metrics{}(target, prediction)), outputs.push_back(metric.id())), ...);
  if (!g.failed()) g.outputs = outputs;
}

/// The model with its loss and metrics.
template <class Model, class Loss, class... Metrics>
constexpr graph loss_graph(bool training) {
  graph g = trace<Model>(training);
  attach_loss<Loss, Metrics...>(g);
  return g;
}

/// Adds what training needs besides: an output for each trainable weight, the gradient of
/// `objective`, and then for each state its new value.
constexpr void attach_gradients(graph& g, symbol objective) {
  list<int> const nodes = inference_detail::leaf_nodes(g, op::weight, g.weights.size());
  list<int> trainable;
  list<int> places;
  for (int i = 0; i < nodes.size(); ++i)
    if (g.weights[i].trainable) {
      trainable.push_back(nodes[i]);
      places.push_back(i);
    }
  list<int> const gradients = inference_detail::gradients_of(g, objective, trainable);
  for (int i = 0; i < gradients.size(); ++i)
    g.outputs.push_back(
        gradients[i] >= 0 ? gradients[i]
                          : build::constant(g, 0, dtype::float32, g.weights[places[i]].shape).id());
  for (int i = 0; i < nodes.size(); ++i) {
    if (!g.weights[i].state) continue;
    int value = nodes[i];
    for (state_update const& u : g.updates)
      if (u.weight == i) value = u.node;
    g.outputs.push_back(value);
  }
}

/// What is wrong with a model and its loss and metrics, for core/diagnosis.hpp.
template <class Model, class Loss, class... Metrics>
struct loss_trace {
  static constexpr diagnosis sentence() { return loss_graph<Model, Loss, Metrics...>(true).error; }
};

/// `loss_graph`; when training also an output for each trainable weight, the loss's gradient, and
/// then for each state its new value.
template <bool Training, class Model, class Loss, class... Metrics>
struct loss_recipe {
  static constexpr graph build() {
    graph g = loss_graph<Model, Loss, Metrics...>(Training);
    if (Training && !g.failed()) attach_gradients(g, {g, g.outputs[0]});
    return g;
  }
};

}  // namespace typegrad::training_detail

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

/// The model with its loss and metrics.
///   inputs   the model's, target, sample_weight
///   outputs  the loss (mean of loss * sample_weight over the batch, with penalties and what layers
///            added), the sum over the batch of each metric, and when training the gradient of the
///            loss for each trainable weight
template <bool Training, class Model, class Loss, class... Metrics>
struct loss_recipe {
  static constexpr graph build() {
    graph g = trace<Model>(Training);
    if (g.failed()) return g;
    g.scope.description = text_of("compile");
    if (g.outputs.size() != 1) {
      g.fail(sentence("needs a model of one output, this one has ", g.outputs.size()));
      return g;
    }
    symbol const prediction{g, g.outputs[0]};
    auto const wanted = Loss::target(prediction.shape());
    if (!wanted.error.empty()) {
      g.fail(wanted.error);
      return g;
    }
    g.outputs.clear();
    symbol const target = build::input(g, "target", wanted.shape, wanted.type);
    symbol const weight = build::input(g, "sample_weight", extents{});
    symbol total = batch_mean(Loss{}(target, prediction) * weight);
    total = add_layer_losses(g, add_penalties(g, total));
    g.outputs.push_back(total.id());
    (add_metric(g, Metrics{}(target, prediction)), ...);
    if constexpr (Training) {
      list<int> const nodes = inference_detail::leaf_nodes(g, op::weight, g.weights.size());
      list<int> trainable;
      list<int> places;
      for (int i = 0; i < nodes.size(); ++i)
        if (g.weights[i].trainable) {
          trainable.push_back(nodes[i]);
          places.push_back(i);
        }
      list<int> const gradients = inference_detail::gradients_of(g, total, trainable);
      for (int i = 0; i < gradients.size(); ++i)
        g.outputs.push_back(
            gradients[i] >= 0
                ? gradients[i]
                : build::constant(g, 0, dtype::float32, g.weights[places[i]].shape).id());
    }
    return g;
  }

 private:
  static constexpr name_text text_of(std::string_view s) { return name_text{s}; }
  static constexpr void add_metric(graph& g, symbol value) {
    g.outputs.push_back(batch_sum(value).id());
  }
};

}  // namespace typegrad::training_detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/compiler/mixed.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/nn.hpp>

#include <cmath>
#include <random>

// Layers with all their gradients and updates.

namespace recipes {

namespace tg = typegrad;

/// Each of the layers on the same input of extents Shape. The loss is the sum of all results, each
/// weighted by numbers of its own.
template <class Shape, class... Layers>
struct side_by_side {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", Shape::value);
    tg::symbol loss;
    auto const add = [&](auto layer) {
      tg::symbol const y = layer(x);
      tg::symbol const weight = tg::build::input(g, "weight", y.shape());
      g.outputs.push_back(y.id());
      tg::symbol const part = sum(y * weight);
      loss = loss.valid() ? loss + part : part;
    };
    (add(Layers{}), ...);
    tg::list<int> wanted;
    wanted.push_back(x.id());
    for (int i = 0; i < g.size(); ++i)
      if (g[i].code == tg::op::weight) wanted.push_back(i);
    tg::list<int> const gradients = tg::differentiate(g, batch_sum(loss), wanted);
    for (int const id : gradients) g.outputs.push_back(id);
    return g;
  }
};

/// A layer between two others, so that it is fused with what stands around it.
template <bool Training, class Shape, class Layer>
struct between {
  static constexpr tg::graph build() {
    tg::graph g;
    g.training = Training;
    tg::symbol const x = tg::build::input(g, "x", Shape::value);
    tg::symbol const weight = tg::build::input(g, "weight", Shape::value);
    tg::symbol const scaled = tg::tanh(3 * x);
    tg::symbol const y = tg::relu(add(Layer{}(scaled), x));
    tg::list<int> wanted;
    wanted.push_back(x.id());
    for (int i = 0; i < g.size(); ++i)
      if (g[i].code == tg::op::weight && g.weights[g[i].index].trainable) wanted.push_back(i);
    tg::list<int> const gradients = tg::differentiate(g, sum(y * weight), wanted);
    g.outputs.push_back(y.id());
    for (int const id : gradients) g.outputs.push_back(id);
    for (tg::state_update const& u : g.updates) g.outputs.push_back(u.node);
    return g;
  }
};

/// A classifier of five classes that is trained: its scores, the loss, all gradients and updates;
/// in mixed precision, if `Compute` is not float32.
template <class Model, tg::dtype Compute = tg::dtype::float32>
struct training_step {
  static constexpr tg::graph build() {
    tg::graph const traced = tg::trace<Model>(true);
    tg::graph g = tg::mixed(traced, Compute);
    tg::symbol const scores{g, g.outputs[0]};
    tg::symbol const target = tg::build::input(g, "target", {}, tg::dtype::int32);
    tg::sparse_categorical_crossentropy<tg::from_logits> const loss_of;
    tg::symbol const loss = batch_mean(loss_of(target, scores));
    g.outputs.push_back(loss.id());
    tg::list<int> wanted;
    for (int i = 0; i < g.size(); ++i)
      if (g[i].code == tg::op::weight && g.weights[g[i].index].trainable) wanted.push_back(i);
    tg::list<int> const gradients = tg::differentiate(g, loss, wanted);
    for (int const id : gradients) g.outputs.push_back(id);
    for (tg::state_update const& u : g.updates) g.outputs.push_back(u.node);
    return g;
  }
};

/// Numbers around `about_inputs` and `about_weights`, within 1 of them; integers are 0 to 4.
inline tg::reference::bindings uniform_data(tg::graph const& g, unsigned seed, std::int64_t batch,
                                            double about_inputs = 0, double about_weights = 0) {
  std::mt19937 source{seed};
  std::uniform_real_distribution<double> uniform{-1, 1};
  auto const numbers = [&](std::int64_t n, double about) {
    tg::reference::values v(static_cast<std::size_t>(n));
    for (double& x : v) x = static_cast<double>(static_cast<float>(about + uniform(source)));
    return v;
  };
  tg::reference::bindings b;
  b.batch_size = batch;
  for (tg::input_info const& i : g.inputs) {
    b.inputs.push_back(numbers((i.per_sample ? batch : 1) * i.shape.count(), about_inputs));
    if (!tg::is_floating(i.type))
      for (double& x : b.inputs.back()) x = std::floor(2.5 * (x - about_inputs + 1));
  }
  for (tg::weight_info const& w : g.weights)
    b.weights.push_back(numbers(w.shape.count(), about_weights));
  return b;
}

}  // namespace recipes

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "nn/oracle.hpp"

#include <typegrad/nn.hpp>

#include <algorithm>
#include <string>
#include <vector>

// One layer with its gradients, against Keras's stored numbers and against differences.
namespace cases {

namespace tg = typegrad;
using oracle::values;

/// The layer on an input, the sum of its results times a `cotangent` that is given with the data,
/// and this sum's gradients. Outputs: y, the objective, dx, then those of the weights.
struct case_graph {
  tg::graph g;
  tg::extents x, y;
  std::vector<std::string> weights;  ///< their names within the layer
};

template <class Layer>
case_graph trace(tg::extents const& from, tg::dtype type = tg::dtype::float32) {
  case_graph c;
  tg::symbol const x = tg::build::input(c.g, "x", from, type);
  Layer layer;
  tg::symbol const y = layer(x);
  INFO(std::string(c.g.error.view()));
  REQUIRE(!c.g.failed());
  c.x = from;
  c.y = y.shape();
  tg::symbol const cotangent = tg::build::input(c.g, "cotangent", y.shape(), type);
  tg::symbol const objective = batch_sum(sum(y * cotangent));
  tg::list<int> wanted;
  wanted.push_back(x.id());
  for (int i = 0; i < c.g.size(); ++i)
    if (c.g[i].code == tg::op::weight) wanted.push_back(i);
  for (tg::weight_info const& w : c.g.weights)
    c.weights.emplace_back(w.path.view().substr(w.path.view().find('/') + 1));
  tg::list<int> const gradients = tg::differentiate(c.g, objective, wanted);
  c.g.outputs.push_back(y.id());
  c.g.outputs.push_back(objective.id());
  for (int const id : gradients) c.g.outputs.push_back(id);
  return c;
}

/// Holds the layer against what is stored under `name`.
template <class Layer>
void against_keras(std::string const& name) {
  INFO(name);
  auto const load = [&](std::string const& what) {
    return oracle::load("conv", name + "/" + what);
  };
  auto const extents_of = [&](std::string const& what) {
    tg::extents e;
    auto const shape = oracle::open("conv").at(name + "/" + what).shape;
    for (std::size_t i = 1; i < shape.size(); ++i) e.push_back(static_cast<std::int64_t>(shape[i]));
    return e;
  };
  case_graph const c = trace<Layer>(extents_of("x"));
  CHECK(c.y == extents_of("y"));
  std::vector<values> weights;
  for (std::string const& weight : c.weights) weights.push_back(load(weight));
  auto const out = oracle::run(c.g, 2, {load("x"), load("cotangent")}, weights);
  oracle::check_close(out[0], load("y"));
  oracle::check_close(out[2], load("dx"));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    INFO(c.weights[i]);
    oracle::check_close(out[3 + i], load("d_" + c.weights[i]));
  }
}

/// Numbers in [-1, 1), always the same.
inline values numbers(std::int64_t count, unsigned seed) {
  values v(static_cast<std::size_t>(count));
  std::uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
  for (double& x : v) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    x = static_cast<double>(state >> 11) * 0x1p-52 - 1;
  }
  return v;
}

/// Holds the layer's gradients against central differences along random directions, in double
/// arithmetic.
template <class Layer>
void against_differences(tg::extents const& from) {
  case_graph const c = trace<Layer>(from, tg::dtype::float64);
  tg::reference::bindings b;
  b.batch_size = 3;
  b.inputs = {numbers(3 * c.x.count(), 1), numbers(3 * c.y.count(), 2)};
  for (tg::weight_info const& w : c.g.weights)
    b.weights.push_back(numbers(w.shape.count(), 3 + static_cast<unsigned>(b.weights.size())));
  auto const exact = tg::reference::evaluate<double>(c.g, b);
  for (std::size_t i = 0; i <= b.weights.size(); ++i) {
    values const direction = numbers(
        static_cast<std::int64_t>(i == 0 ? b.inputs[0].size() : b.weights[i - 1].size()), 77);
    double const h = 1e-6;
    double ends[2];
    for (int side = 0; side < 2; ++side) {
      auto moved = b;
      values& v = i == 0 ? moved.inputs[0] : moved.weights[i - 1];
      for (std::size_t k = 0; k < v.size(); ++k) v[k] += (side == 0 ? h : -h) * direction[k];
      ends[side] = tg::reference::evaluate<double>(c.g, moved)[1][0];
    }
    double told = 0;
    for (std::size_t k = 0; k < direction.size(); ++k) told += exact[2 + i][k] * direction[k];
    double const slope = (ends[0] - ends[1]) / (2 * h);
    INFO((i == 0 ? std::string("x") : c.weights[i - 1]) << ": " << told << " for " << slope);
    CHECK(std::abs(slope) > 1e-3);
    CHECK(std::abs(told - slope) <= 1e-6 * (1 + std::abs(slope)));
  }
}

}  // namespace cases

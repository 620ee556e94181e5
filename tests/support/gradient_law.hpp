// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <string>
#include <vector>

// The law of every gradient rule: it is the limit of differences. In float64.

namespace gradient_law {

using namespace typegrad;
using reference::values;

constexpr std::int64_t batch = 3;

struct argument {
  extents shape;
  bool per_sample = true;
  double low = -2, high = 2;  ///< its elements lie between
};

/// Some number in [0, 1) for each place; never twice the same.
inline double scattered(std::int64_t i) {
  double const x = 0.6180339887498949 * static_cast<double>(i + 1);
  return x - std::floor(x);
}

inline double objective(graph const& g, reference::bindings const& b) {
  return reference::interpreter<double>{g, b}.run()[0][0];
}

/// Compares the gradient of a weighted sum of f's elements over the batch with differences of it,
/// for each argument that the gradient reaches; `order` 2: of a sum of squares of that gradient.
template <class F>
void holds(std::string const& name, F const& f, std::vector<argument> const& arguments,
           int order = 1) {
  INFO(name);
  graph g;
  std::vector<symbol> in;
  reference::bindings b;
  b.batch_size = batch;
  std::int64_t place = 0;
  for (argument const& a : arguments) {
    in.push_back(build::input(g, "x", a.shape, dtype::float32, a.per_sample));
    values v(static_cast<std::size_t>(a.shape.count() * (a.per_sample ? batch : 1)));
    for (double& x : v) x = a.low + (a.high - a.low) * scattered(place++);
    b.inputs.push_back(v);
  }
  symbol const y = f(in);
  REQUIRE(y.valid());
  // no two elements count the same
  symbol const position = cast(build::iota(g, {y.shape().count()}, 0), dtype::float32);
  symbol total = batch_sum(sum(reshape(y, {y.shape().count()}) * (0.25 + 0.5 * sin(position))));
  list<int> wanted;
  for (symbol const x : in) wanted.push_back(x.id());
  list<int> gradients = differentiate(g, total, wanted);
  for (int k = 1; k < order; ++k) {
    symbol next = build::constant(g, 0);
    for (int i = 0; i < gradients.size(); ++i)
      if (gradients[i] >= 0) next = next + batch_sum(sum(square(symbol{g, gradients[i]})));
    total = next;
    gradients = differentiate(g, total, wanted);
  }
  REQUIRE(g.error.view() == "");
  g.outputs.push_back(total.id());
  for (int i = 0; i < gradients.size(); ++i) {
    CAPTURE(i);
    REQUIRE(gradients[i] >= 0);
    CHECK(g[gradients[i]].shape == in[static_cast<std::size_t>(i)].shape());
    g.outputs.push_back(gradients[i]);
  }
  auto const found = reference::interpreter<double>{g, b}.run();
  for (std::size_t i = 0; i < in.size(); ++i) {
    REQUIRE(found[i + 1].size() == b.inputs[i].size());
    for (std::size_t e = 0; e < b.inputs[i].size(); ++e) {
      double const x = b.inputs[i][e];
      double const h = 1e-5;
      b.inputs[i][e] = x + h;
      double const above = objective(g, b);
      b.inputs[i][e] = x - h;
      double const below = objective(g, b);
      b.inputs[i][e] = x;
      double const slope = (above - below) / (2 * h);
      CAPTURE(i, e, x, slope, found[i + 1][e]);
      CHECK(std::abs(found[i + 1][e] - slope) <= 1e-6 * std::max(1.0, std::abs(slope)));
    }
  }
}

using arguments = std::vector<symbol> const&;

}  // namespace gradient_law

// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

// The law of differentiation on random graphs: the gradient times a direction is the slope along
// it. In float64, to second order, with batches of 1 to 5 samples.

namespace {

using namespace typegrad;

/// How far the slope along a random direction is from what the gradient says, relative.
double deviation(graph const& g, reference::bindings const& at, std::vector<int> const& inputs,
                 std::vector<int> const& weights, std::mt19937& random, double step) {
  std::uniform_real_distribution<double> uniform{-1, 1};
  reference::bindings above = at;
  reference::bindings below = at;
  auto const gradients = reference::evaluate<double>(g, at);
  double expected = 0;
  std::size_t next = 1;
  auto const move = [&](reference::values& up, reference::values& down) {
    for (std::size_t e = 0; e < up.size(); ++e) {
      double const d = uniform(random);
      up[e] += step * d;
      down[e] -= step * d;
      expected += d * gradients[next][e];
    }
    ++next;
  };
  for (int const i : inputs)
    move(above.inputs[static_cast<std::size_t>(i)], below.inputs[static_cast<std::size_t>(i)]);
  for (int const i : weights)
    move(above.weights[static_cast<std::size_t>(i)], below.weights[static_cast<std::size_t>(i)]);
  auto const total = [&](reference::bindings const& b) {
    auto const values = reference::evaluate<double>(g, b);
    double sum = 0;
    for (double const x : values[0]) sum += x;
    return sum;
  };
  double const slope = (total(above) - total(below)) / (2 * step);
  return std::abs(slope - expected) / std::max({1.0, std::abs(slope), std::abs(expected)});
}

std::string failure_of(unsigned seed, int order, random_graphs::kinds what) {
  graph g = random_graphs::generator{seed, what}.build_objective();
  if (g.failed()) return std::string{g.error.view()};
  for (int id = 0; id < g.size(); ++id)
    if (g[id].code == op::stop_gradient) return {};  // it breaks the law on purpose
  symbol objective{g, g.outputs[0]};
  list<int> wanted;
  for (int id = 0; id < g.size(); ++id)
    if ((g[id].code == op::input || g[id].code == op::weight) && g[id].type == dtype::float32)
      wanted.push_back(id);
  list<int> gradients = differentiate(g, objective, wanted);
  if (order == 2) {
    symbol next = build::constant(g, 0);
    for (int const id : gradients)
      if (id >= 0) next = next + sum(square(symbol{g, id}));
    objective = next;
    gradients = differentiate(g, objective, wanted);
  }
  if (g.failed()) return std::string{g.error.view()};
  g.outputs.clear();
  g.outputs.push_back(objective.id());
  std::vector<int> inputs, weights;
  for (int pass = 0; pass < 2; ++pass)
    for (int i = 0; i < wanted.size(); ++i) {
      node const& n = g[wanted[i]];
      if (gradients[i] < 0 || (n.code == op::input) != (pass == 0)) continue;
      node const& d = g[gradients[i]];
      if (!(d.shape == n.shape) || d.per_sample != n.per_sample || d.type != n.type)
        return "a gradient is not like its value";
      (pass == 0 ? inputs : weights).push_back(n.index);
      g.outputs.push_back(gradients[i]);
    }
  reference::bindings b = random_graphs::data_for(g, seed, seed % 5 + 1);
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> uniform{-0.06, 0.06};  // no two values are equal
  for (auto* const all : {&b.inputs, &b.weights})
    for (std::size_t i = 0; i < all->size(); ++i) {
      bool const whole = all == &b.inputs && g.inputs[static_cast<int>(i)].type == dtype::int32;
      for (double& x : (*all)[i])
        if (!whole) x += uniform(random);
    }
  // A kink near the point is bad luck, which another direction and step do not have.
  double least = 1;
  for (double const step : {1e-5, 1e-6, 3e-6})
    least = std::min(least, deviation(g, b, inputs, weights, random, step));
  return least <= 1e-5 ? "" : "off by " + std::to_string(least);
}

}  // namespace

namespace {

void check_seeds(random_graphs::kinds what, unsigned seeds) {
  if (char const* const only = std::getenv("TYPEGRAD_SEED")) {
    auto const seed = static_cast<unsigned>(std::atoi(only));
    graph const g = random_graphs::generator{seed, what}.build_objective();
    std::printf("%s", random_graphs::to_text(g).c_str());
    CHECK(failure_of(seed, 1, what) == "");
    CHECK(failure_of(seed, 2, what) == "");
    return;
  }
  char const* const more = std::getenv("TYPEGRAD_SEEDS");
  if (more != nullptr) seeds = static_cast<unsigned>(std::atoi(more));
  unsigned failures = 0;
  for (unsigned seed = 1; seed <= seeds && failures < 5; ++seed)
    for (int const order : {1, 2}) {
      std::string const failure = failure_of(seed, order, what);
      if (failure.empty()) continue;
      ++failures;
      UNSCOPED_INFO("TYPEGRAD_SEED=" << seed << ", order " << order << ": " << failure);
      break;
    }
  CHECK(failures == 0);
}

}  // namespace

TEST_CASE("gradients of random graphs are limits of differences", "[ops]") {
  check_seeds({}, 500);
}
TEST_CASE("gradients of random graphs with windows are limits of differences", "[ops]") {
  check_seeds({.windows = true}, 400);
}
TEST_CASE("gradients of random graphs that gather, order and accumulate are limits of differences",
          "[ops]") {
  check_seeds({.along_axes = true}, 400);
}
TEST_CASE("gradients of random graphs with loops and cases are limits of differences", "[ops]") {
  check_seeds({.control = true}, 300);
}

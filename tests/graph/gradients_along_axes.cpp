// SPDX-License-Identifier: BSL-1.0
#include "support/gradient_law.hpp"

// Gradients of what gathers, orders and accumulates along an axis, and of what is composed of it.

namespace {

using namespace typegrad;
using namespace gradient_law;

/// Integers within [-length, length + 2), from floating values.
symbol positions(symbol x, int length) {
  return cast(floor(stop_gradient(x) * (0.5 * length)), dtype::int32);
}

TEST_CASE("gradients of gather and scatter_add") {
  for (int order : {1, 2}) {
    auto const rows = [](arguments x) {
      return gather(square(x[0]), positions(x[1], 5)) * sum(x[1]);
    };
    holds("rows of a shared table", rows, {{{5, 2}, false}, {{3}}}, order);
    holds("rows of a table a sample", rows, {{{5, 2}}, {{3}}}, order);
    holds("shared rows of a table a sample", rows, {{{5, 2}}, {{2, 2}, false}}, order);
    holds("shared rows of a shared table", rows, {{{5, 2}, false}, {{3}, false}}, order);
    holds(
        "columns",
        [](arguments x) { return gather(square(x[0]), positions(x[1], 3), 1) * sum(x[1]); },
        {{{2, 3, 2}, false}, {{2}}}, order);
    holds(
        "one for each element",
        [](arguments x) {
          return take_along_axis(square(x[0]), positions(x[1], 3), 1) * sum(x[1]);
        },
        {{{2, 3, 2}, false}, {{2, 4, 2}}}, order);
    auto const added = [](arguments x) {
      return square(scatter_add({5, 2}, positions(x[1], 5), square(x[0]) * sum(x[1])));
    };
    holds("scatter_add", added, {{{3, 2}}, {{3}}}, order);
    holds("scatter_add of shared updates", added, {{{3, 2}, false}, {{3}}}, order);
    holds(
        "scatter_add over the batch",
        [](arguments x) {
          return square(scatter_add({5, 2}, positions(x[1], 5), square(x[0]) * sum(x[1]), 0, true));
        },
        {{{3, 2}}, {{3}}}, order);
  }
}

TEST_CASE("gradients of sort and top_k") {
  std::vector<argument> const one{{{3, 5}}};
  for (int order : {1, 2}) {
    holds("sort", [](arguments x) { return square(sort(x[0])) * x[0]; }, one, order);
    holds("descending", [](arguments x) { return square(sort(x[0], 0, true)) * x[0]; }, one, order);
    holds("top_k", [](arguments x) { return square(top_k(x[0], 2).values); }, one, order);
  }
}

TEST_CASE("gradients of sums and products along an axis") {
  std::vector<argument> const one{{{2, 5}}};
  for (int order : {1, 2})
    for (bool reverse : {false, true})
      for (bool exclusive : {false, true}) {
        holds(
            "cumsum",
            [&](arguments x) { return cumsum(square(x[0]), -1, reverse, exclusive) * x[0]; }, one,
            order);
        holds(
            "cumprod", [&](arguments x) { return cumprod(x[0], 1, reverse, exclusive) * x[0]; },
            one, order);
      }
  for (int order : {1, 2}) {
    holds("prod", [](arguments x) { return prod(x[0], {1}); }, one, order);
    holds("prod of all", [](arguments x) { return prod(x[0]); }, {{{3, 2}}}, order);
  }
}

TEST_CASE("zeros have gradients of products") {
  graph g;
  symbol const x = build::input(g, "x", {4});
  g.outputs.push_back(differentiate(g, prod(x), list<int>{x.id()})[0]);
  g.outputs.push_back(differentiate(g, sum(cumprod(x)), list<int>{x.id()})[0]);
  reference::bindings b;
  b.inputs = {{2, 0, 3, 5}};
  auto const found = reference::evaluate(g, b);
  CHECK(found[0] == values{0, 30, 0, 0});
  CHECK(found[1] == values{1, 2 + 6 + 30, 0, 0});
}

TEST_CASE("gradients of statistics") {
  std::vector<argument> const one{{{3, 4}}};
  for (int order : {1, 2}) {
    holds("logsumexp", [](arguments x) { return logsumexp(x[0] * x[0], {1}); }, one, order);
    holds("var", [](arguments x) { return var(x[0] * x[0], {0}, true) * x[0]; }, one, order);
    holds("stddev", [](arguments x) { return stddev(x[0], {1}); }, one, order);
    holds("norm", [](arguments x) { return norm(x[0], {1}); }, one, order);
    holds("norm of order 3", [](arguments x) { return norm(x[0], {1}, false, 3); }, one, order);
  }
}

TEST_CASE("gradients of einsum and its like") {
  for (int order : {1, 2}) {
    holds(
        "products in a row", [](arguments x) { return einsum("ij,kj,kl->il", x[0], x[1], x[2]); },
        {{{2, 3}}, {{2, 3}, false}, {{2, 2}}}, order);
    holds(
        "diagonals", [](arguments x) { return einsum("iij->ji", square(x[0])); }, {{{3, 3, 2}}},
        order);
    holds(
        "outer", [](arguments x) { return einsum("i,j", x[0], x[1]); }, {{{2}}, {{3}, false}},
        order);
    holds(
        "matmul, broadcast", [](arguments x) { return matmul(x[0], x[1]); },
        {{{2, 1, 2, 3}}, {{2, 3, 2}, false}}, order);
  }
}

}  // namespace

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/ops/registry.hpp>

// What gathers, orders and accumulates along an axis: shared values and such of samples, axes of
// length 1 and such that are no multiple of a vector, and steps before and behind it.

namespace recipes {

using namespace typegrad;

struct gathered {
  static constexpr graph build() {
    graph g;
    symbol const table = build::input(g, "table", {5, 19}, dtype::float32, false);
    symbol const own = build::input(g, "own", {3, 5, 2});
    symbol const ids = build::input(g, "ids", {2, 3}, dtype::int32);
    symbol const shared = build::input(g, "shared", {7}, dtype::int32, false);
    symbol const picks = build::input(g, "picks", {3, 4, 2}, dtype::int32);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(gather(table, ids));
    out(gather(2 * table, ids) + 1);
    out(gather(table, shared, 1));
    out(gather(own, shared, 1));
    out(gather(own, ids, 0));
    out(gather(transpose(own, {2, 0, 1}), ids, 2));
    out(gather(slice(table, {1, 2}, {4, 3}), shared));
    out(gather(build::iota(g, {4}, 0), ids));
    out(gather(table > 0, ids));
    out(gather(cast(table, dtype::float64), shared));
    out(take_along_axis(own, picks, 1));
    out(take_along_axis(own, argsort(own, 0), 0));
    out(take_along_axis(table, argsort(table), 1));
    out(scatter_add({4, 5, 2}, shared, gather(own, shared)));
    out(scatter_add({6, 19}, ids, gather(table, ids), 0, true));
    out(scatter_add({2, 1}, shared, sum(own) + build::iota(g, {7, 1}, 0), 0, true));
    out(scatter_add({3, 3, 2}, picks, picks, 1));
    out(scatter_add({3, 3, 2}, picks, cast(picks, dtype::float32), 1, true));
    out(scatter_add({9, 19}, shared, gather(table, shared)));
    symbol const loss = sum(square(gather(table, ids))) + sum(gather(own, ids, 1));
    for (int const id : differentiate(g, loss, list<int>{table.id(), own.id()}))
      g.outputs.push_back(id);
    return g;
  }
};

template <dtype Type>
struct ordered {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 19}, Type);
    symbol const y = build::input(g, "y", {2, 7, 3}, Type, false);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(argsort(x));
    out(argsort(x, 0));
    out(argsort(x, 1, true));
    out(argsort(y, 1));
    out(sort(x));
    out(sort(y, 1, true));
    out(top_k(x, 1).indices);
    out(top_k(x, 5).values);
    out(argsort(build::spread(y), 0));
    out(argsort(slice(x, {0, 0}, {3, 1}), 1));
    return g;
  }
};

template <dtype Type>
struct accumulated {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 19}, Type);
    symbol const y = build::input(g, "y", {2, 5, 67}, Type, false);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(cumsum(x));
    out(cumsum(x, 0));
    out(cumsum(x, 1, true));
    out(cumsum(2 * x, 1, false, true) + 1);
    out(cumsum(x, 0, true, true));
    out(cumsum(y, 1));
    out(cumsum(y, 2, true, true));
    out(cumsum(x > 0, 1));
    out(cumsum(build::spread(y), 0));
    if (is_floating(Type)) {
      out(cumprod(x, 1));
      out(prod(x, {0}));
    }
    return g;
  }
};

}  // namespace recipes

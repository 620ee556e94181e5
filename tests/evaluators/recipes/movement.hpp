// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/registry.hpp>

// Loads along every path through memory: broadcast, strided, backwards, transposed, and values that
// are written in several pieces.

namespace recipes {

using namespace typegrad;

struct broadcasts {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 5, 19});
    symbol const shared = build::input(g, "shared", {3, 5, 19}, dtype::float32, false);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    extents const along[] = {{19}, {5, 1}, {3, 1, 1}, {1, 19}, {3, 1, 19}, {3, 5, 1}, {1}, {}};
    for (extents const& e : along) {
      out(x + build::input(g, "each", e));
      out(x * build::input(g, "one", e, dtype::float32, false));
    }
    out(shared + build::input(g, "scalars", {}));
    out(build::spread(shared));
    return g;
  }
};

template <dtype Type>
struct movements {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 5, 19}, Type);
    symbol const y = build::input(g, "y", {3, 2, 19}, Type, false);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(transpose(x, {2, 1, 0}));
    out(transpose(x, {1, 0, 2}));
    out(build::reverse(x, {2}));
    out(build::reverse(x, {0, 1}));
    out(slice(x, {1, 0, 3}, {3, 4, 18}, {1, 2, 4}));
    out(slice(build::reverse(transpose(x, {0, 2, 1}), {1}), {0, 2, 1}, {2, 19, 5}, {1, 3, 2}));
    out(build::pad(x, {1, 0, 2}, {0, 2, 1}, {1, 2, 3}, 1));
    out(build::concatenate(x, y, 1));
    out(build::concatenate(y, x, 1));
    out(build::concatenate(build::concatenate(x, x, 2), build::reverse(x, {2}), 2));
    out(build::concatenate(y, y, 0));
    out(build::reshape(x, {19, 15}));
    out(build::reshape(transpose(x, {2, 0, 1}), {57, 5}));
    return g;
  }
};

struct positions {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 5, 19});
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    for (int axis = 0; axis < 3; ++axis) {
      symbol const i = build::iota(g, {3, 5, 19}, axis);
      out(cast(i, dtype::float32) * x);
      out(build::reverse(i, {axis}) + build::iota(g, {19}, 0));
      out(slice(i, {1, 1, 1}, {3, 5, 19}, {1, 2, 3}) == 2);
    }
    out(where(build::iota(g, {19}, 0) <= build::iota(g, {5, 1}, 0), x, 0));
    out(build::iota(g, {7}, 0, dtype::float32));
    return g;
  }
};

}  // namespace recipes

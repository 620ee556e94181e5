// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/registry.hpp>

// Random numbers as they are, and within other mathematics.

namespace recipes {

using namespace typegrad;

struct random_numbers {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {7, 13});
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(build::random_uniform(g, {7, 13}, true));
    out(build::random_uniform(g, {1000}, false));
    out(build::random_uniform(g, {}, false));
    out(build::random_uniform(g, {}, true));
    symbol const u = build::random_uniform(g, {7, 13}, true);
    symbol const v = build::random_uniform(g, {7, 13}, true);
    out(u + 2 * v);
    out(where(u < 0.25, 0, x * (1 / 0.75)));
    out(cast(build::random_uniform(g, {65}, true) < 0.5, dtype::float32));
    return g;
  }
};

}  // namespace recipes

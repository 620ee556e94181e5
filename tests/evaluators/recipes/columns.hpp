// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/reference/interpreter.hpp>

// Reductions over the batch, over leading axes and over everything.

namespace recipes {

using namespace typegrad;

/// Everything that reduces a value of some extents without its last axis coming first.
template <std::int64_t... Dims>
struct reductions {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {Dims...});
    symbol const y = 0.5 * x + 1;
    int const rank = sizeof...(Dims);
    axis_list all, leading;
    for (int i = 0; i < rank; ++i) all.push_back(i);
    for (int i = 0; i + 1 < rank; ++i) leading.push_back(i);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(batch_sum(y));
    out(build::reduce(op::reduce_max, x, {}, true));
    out(build::reduce(op::reduce_min, y, {}, true));
    out(build::reduce(op::reduce_sum, y, all, true));
    out(build::reduce(op::reduce_max, y, all, true));
    out(build::reduce(op::reduce_sum, x, all));
    out(build::reduce(op::reduce_min, x, all));
    out(build::reduce(op::reduce_sum, square(x), leading, true));
    out(build::reduce(op::reduce_sum, y, leading));
    out(build::reduce(op::reduce_max, x, leading));
    out(build::reduce(op::reduce_sum, 1001 * cast(4 * x, dtype::int32), all, true));
    out(build::reduce(op::reduce_max, cast(4 * x, dtype::int32), leading, true));
    out(batch_sum(cast(x > 0, dtype::int32)));
    return g;
  }
};

/// A body that is not copied for many vectors, sums of several results, columns that are no
/// neighbours in memory, and what is the same along the columns.
struct long_bodies {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {21, 37});
    symbol const w = build::input(g, "w", {21, 1});
    symbol const z = build::input(g, "z", {37, 21});
    auto const out = [&](symbol v) { g.outputs.push_back(v.id()); };
    symbol y = x;
    for (int i = 0; i < 6; ++i) y = build::unary(op::tanh, y * w + 0.1) - 0.5 * x;
    out(build::reduce(op::reduce_sum, y, {0}, true));
    out(build::reduce(op::reduce_max, y, {0}, true));
    out(build::reduce(op::reduce_sum, square(x), {0}, true));
    out(build::reduce(op::reduce_sum, transpose(z, {1, 0}), {0}, true));
    out(build::reduce(op::reduce_sum, x * transpose(z, {1, 0}), {0}));
    out(build::reduce(op::reduce_min, transpose(x, {1, 0}), {}, true));
    return g;
  }
};

/// Over the batch and the first axis, of (9, Kept).
template <std::int64_t Kept = 6>
struct extrema {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {9, Kept});
    for (op const code : {op::reduce_max, op::reduce_min, op::reduce_sum})
      g.outputs.push_back(build::reduce(code, x, {0}, true).id());
    return g;
  }
};

/// Over axes of a sample, each by itself and several, with outer axes before them.
template <std::int64_t Length, std::int64_t Kept>
struct within_samples {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {2, Length, Kept});
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(sum(x, {1}));
    out(max(square(x), {1}));
    out(argmax(x, 1));
    out(argmin(x, 1));
    out(argmax(cast(4 * x, dtype::int32), 1));
    out(sum(x > 0, {1}));
    out(max(x > 1, {0}));
    out(sum(x, {0, 1}));
    out(min(x, {0, 2}));
    out(x - mean(x, {1}, true));
    return g;
  }
};

struct shared_values {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {70, 150}, dtype::float32, false);
    symbol const v = build::input(g, "v", {9000}, dtype::float32, false);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(sum(x));
    out(max(x));
    out(sum(x, {0}));
    out(sum(x, {1}));
    out(argmax(v));
    out(sum(v));
    out(mean(square(v - mean(v))));
    return g;
  }
};

}  // namespace recipes

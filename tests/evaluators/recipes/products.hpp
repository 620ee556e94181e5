// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/weights.hpp>
#include <typegrad/ops/registry.hpp>

// Matrix products of all layouts with what is computed from their results at once.

namespace recipes {

using namespace typegrad;

constexpr symbol contracted(symbol a, symbol b, axis_list left, axis_list right,
                            bool over_batch = false, axis_list batch_a = {},
                            axis_list batch_b = {}) {
  build::dot_axes axes;
  axes.contract_a = left;
  axes.contract_b = right;
  axes.batch_a = batch_a;
  axes.batch_b = batch_b;
  axes.over_batch = over_batch;
  return build::dot_general(a, b, axes);
}

/// A layer's forward products: x (M, K) per sample with shared kernels.
template <std::int64_t M, std::int64_t N, std::int64_t K>
struct forward {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {M, K});
    symbol const v = build::input(g, "v", {K});
    weights make{g};
    symbol const kernel = make("kernel", {K, N}, initializer{});
    symbol const transposed = make("transposed", {N, K}, initializer{});
    symbol const bias = make("bias", {N}, initializer{});
    symbol const residual = build::input(g, "residual", {M, N});
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(maximum(matmul(x, kernel) + bias, 0));
    out(build::unary(op::sigmoid, contracted(x, transposed, {1}, {1}) + residual));
    out(matmul(v, kernel));
    out(contracted(transposed, v, {1}, {0}) * 0.5);
    symbol const mask = build::random_uniform(g, {M, N}, true) < 0.5;
    symbol const y = matmul(x, kernel);
    out(where(mask, 2 * y, 0));
    return g;
  }
};

/// A layer's backward products: over the samples, and with the kernel the other way round.
template <std::int64_t M, std::int64_t N, std::int64_t K>
struct backward {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {M, K});
    symbol const dy = build::input(g, "dy", {M, N});
    symbol const v = build::input(g, "v", {K});
    symbol const dv = build::input(g, "dv", {N});
    weights make{g};
    symbol const kernel = make("kernel", {K, N}, initializer{});
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(contracted(x, dy, {0}, {0}, true) + 0.5 * kernel);
    out(contracted(dy, x, {0}, {0}, true));
    out(contracted(v, dv, {}, {}, true));
    out(contracted(dy, kernel, {1}, {1}) * (x > 0));
    out(contracted(x, dy, {0}, {0}));
    return g;
  }
};

/// Products of values that both have samples, with and without axes to go along with.
template <std::int64_t M, std::int64_t N, std::int64_t K>
struct of_samples {
  static constexpr graph build() {
    graph g;
    symbol const a = build::input(g, "a", {2, M, K});
    symbol const b = build::input(g, "b", {2, K, N});
    symbol const c = build::input(g, "c", {M, 2, K});
    weights make{g};
    symbol const shared = make("shared", {2, K, N}, initializer{});
    symbol const left = make("left", {N, K}, initializer{});
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(matmul(a, b) + 1);
    out(matmul(a, shared));
    out(contracted(c, b, {2}, {1}, false, {1}, {0}));
    out(contracted(a, b, {2}, {1}, true, {0}, {0}));
    out(contracted(left, b, {1}, {1}));
    out(contracted(build::reverse(a, {1}), b, {2}, {1}, false, {0}, {0}));
    out(contracted(build::slice(a, {0, 0, 0}, {1, M, K}), build::slice(b, {0, 0, 0}, {1, K, N}),
                   {0, 2}, {0, 1}));
    return g;
  }
};

/// Both orders of both operands, which are neighbours along the rows, the columns or what is
/// contracted; the right ones are shared, of the samples, or summed over them.
template <dtype Type, std::int64_t M, std::int64_t N, std::int64_t K>
struct all_orders {
  static constexpr graph build() {
    graph g;
    symbol const lefts[] = {build::input(g, "a", {M, K}, Type),
                            build::input(g, "at", {K, M}, Type)};
    symbol const rights[] = {build::input(g, "b", {K, N}, Type),
                             build::input(g, "bt", {N, K}, Type)};
    symbol const shared[] = {build::input(g, "c", {K, N}, Type, false),
                             build::input(g, "ct", {N, K}, Type, false)};
    symbol const bias = build::input(g, "bias", {N}, Type, false);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    for (int i = 0; i < 2; ++i)
      for (int k = 0; k < 2; ++k) {
        out(maximum(contracted(lefts[i], shared[k], {1 - i}, {k}) + bias, 0));
        out(contracted(lefts[i], rights[k], {1 - i}, {k}));
        out(contracted(lefts[i], rights[k], {1 - i}, {k}, true) * 0.5);
      }
    return g;
  }
};

}  // namespace recipes

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "compiler/random_graph.hpp"
#include "evaluators/run_cpu.hpp"

// Matrix products of all layouts with what is computed from their results at once.

namespace products {

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

template <class Recipe>
std::string failure(std::int64_t batch, int threads = 3) {
  static graph const g = Recipe::build();
  if (g.failed()) return std::string{g.error.view()};
  return support::cpu_failure<Recipe>(
      random_graphs::data_for(g, static_cast<unsigned>(batch), batch), threads);
}

}  // namespace products

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/reference/interpreter.hpp>

#include <cmath>
#include <random>
#include <string>

// Double precision, and steps in which both precisions meet.

namespace recipes {

using namespace typegrad;

struct in_double {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 21}, dtype::float64);
    symbol const k = build::input(g, "k", {21, 10}, dtype::float64, false);
    symbol const f = build::input(g, "f", {3, 21});
    symbol const n = build::input(g, "n", {21}, dtype::int32);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(build::unary(op::tanh, x) * 2 + exp(x));
    symbol const e = exp(x - max(x, {-1}, true));
    out(e / sum(e, {-1}, true));
    out(maximum(matmul(x, k) + 1, 0));
    out(batch_mean(x));
    out(sum(x));
    out(argmax(x));
    out(argmax(transpose(x, {1, 0})));
    out(x + f);
    out(cast(x, dtype::float32) * f);
    out(where(x > 0.25, cast(n, dtype::float64), x));
    out(cast(10 * x, dtype::int32) + n);
    out(x < f);
    out(where(build::random_uniform(g, {3, 21}, true) < 0.5, x, 0));
    out(matmul(f, cast(k, dtype::float32)));
    out(cast(matmul(f, cast(k, dtype::float32)), dtype::float64) + 1);
    return g;
  }
};

inline reference::bindings data_in_double(graph const& g, std::int64_t batch) {
  std::mt19937 random{static_cast<unsigned>(batch)};
  std::uniform_real_distribution<double> uniform{-1, 1};
  reference::bindings b;
  b.batch_size = batch;
  for (input_info const& x : g.inputs) {
    reference::values v;
    for (std::int64_t i = 0; i < x.shape.count() * (x.per_sample ? batch : 1); ++i) {
      double const u = uniform(random);
      v.push_back(x.type == dtype::int32     ? std::floor(9 * u)
                  : x.type == dtype::float32 ? static_cast<double>(static_cast<float>(u))
                                             : u);
    }
    b.inputs.push_back(v);
  }
  return b;
}

/// Where the outputs of `in_double` have not the digits that they should; empty if they have.
inline std::string too_few_digits(graph const& g, std::vector<reference::values> const& got,
                                  std::vector<reference::values> const& exact) {
  if (got.size() != exact.size()) return "outputs are missing";
  for (int k = 0; k < g.outputs.size(); ++k) {
    auto const at = static_cast<std::size_t>(k);
    double const tolerance = g[g.outputs[k]].type == dtype::float64 && k < 14 ? 1e-13 : 1e-5;
    if (got[at].size() != exact[at].size()) return "elements are missing";
    for (std::size_t i = 0; i < exact[at].size(); ++i)
      if (!(std::abs(got[at][i] - exact[at][i]) <= tolerance * (1 + std::abs(exact[at][i]))))
        return "output " + std::to_string(k) + ", element " + std::to_string(i);
  }
  return {};
}

}  // namespace recipes

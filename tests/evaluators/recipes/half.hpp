// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "evaluators/recipes/rows.hpp"

#include <cmath>
#include <string>
#include <vector>

// Every kind of step on values of 16 bits.

namespace recipes {

template <dtype Type>
struct in_half {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {6, 6, 8}, Type);
    symbol const y = build::input(g, "y", {6, 6, 8}, Type);
    symbol const f = build::input(g, "f", {6, 6, 8});
    symbol const k = build::input(g, "k", {3, 3, 8, 4}, Type, false);
    symbol const m = build::input(g, "m", {8, 20}, Type, false);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(x * y + 0.1);
    out(where(x > y, -x, build::unary(op::tanh, y)));
    out(cast(x, dtype::float32) * f);
    out(cast(f, Type) + y);
    out(cast(x * f, dtype::float64));
    out(cast(4 * x, dtype::int32));
    out(build::reverse(transpose(x, {2, 0, 1}), {1}));
    out(build::pad(x, {1, 0, 0}, {0, 2, 0}, {1, 1, 1}, 0.1));
    out(build::concatenate(x, y, 2));
    // rows and columns
    out(softmax_of(x));
    out(normalized_of(y));
    out(argmax(x));
    out(max(x, {-1}));
    out(sum(y, {-1}));
    out(batch_sum(x));
    out(build::reduce(op::reduce_max, y, {0, 1}, true));
    // contractions
    out(maximum(matmul(x, m), 0));
    out(cast(matmul(x, m), dtype::float32) + 0.1);
    window w;
    w.axes[1] = w.axes[2] = {6, 6, 3, 1, 1, 1};
    out(build::convolution(x, k, w) + 0.5);
    out(build::convolution_kernel(x, y, w));
    out(build::window_sum(x, w));
    out(build::window_max(x, w));
    out(build::window_scatter(x, y, w));
    return g;
  }
};

/// Where results are farther from what is expected than the roundings of a few ops of 16 bits
/// account for, as a sentence; empty if they are not.
inline std::string far_off_in_half(std::vector<reference::values> const& got,
                                   std::vector<reference::values> const& expected, dtype type) {
  if (got.size() != expected.size()) return "outputs are missing";
  double const ulp = type == dtype::float16 ? 0x1p-10 : 0x1p-7;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    if (got[k].size() != expected[k].size()) return "elements are missing";
    double largest = 0;
    for (double const v : expected[k]) largest = std::max(largest, std::abs(v));
    for (std::size_t i = 0; i < expected[k].size(); ++i)
      if (!(std::abs(got[k][i] - expected[k][i]) <= 2 * ulp * largest))
        return "output " + std::to_string(k) + ", element " + std::to_string(i) + " is " +
               std::to_string(got[k][i]) + " instead of " + std::to_string(expected[k][i]);
  }
  return {};
}

}  // namespace recipes

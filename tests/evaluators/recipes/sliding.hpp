// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "evaluators/window_axes.hpp"

#include <typegrad/ops/registry.hpp>

// Each op that slides a window, with something that is computed from its results at once.

namespace recipes {

using namespace typegrad;
using window_axes::same_axis;
using window_axes::valid_axis;

/// A convolution from `channels` to `filters`, or windows over `channels`.
struct sliding_case {
  window over;
  std::int64_t channels = 1, filters = 1;
};
constexpr sliding_case over1(window_axis c, std::int64_t channels, std::int64_t filters = 1,
                             std::int64_t groups = 1) {
  return {{{{}, {}, c}, groups}, channels, filters};
}
constexpr sliding_case over2(window_axis b, window_axis c, std::int64_t channels,
                             std::int64_t filters = 1, std::int64_t groups = 1) {
  return {{{{}, b, c}, groups}, channels, filters};
}
constexpr sliding_case over3(window_axis a, window_axis b, window_axis c, std::int64_t channels,
                             std::int64_t filters = 1, std::int64_t groups = 1) {
  return {{{a, b, c}, groups}, channels, filters};
}

/// The extents of what a case goes from and to, of its kernel, and of blocks of its results.
struct case_extents {
  extents x, y, k;

  constexpr explicit case_extents(sliding_case const& c) {
    int first = 0;
    while (first < max_spatial - 1 && c.over.axes[first] == window_axis{}) ++first;
    for (int i = first; i < max_spatial; ++i) {
      x.push_back(c.over.axes[i].in);
      y.push_back(c.over.axes[i].out);
      k.push_back(c.over.axes[i].size);
    }
    x.push_back(c.channels);
    y.push_back(c.filters);
    k.push_back(c.channels / c.over.groups);
    k.push_back(c.filters);
  }
};

/// A convolution and its two gradients.
template <sliding_case Case, dtype Type = dtype::float32>
struct convolutions {
  static constexpr graph build() {
    graph g;
    case_extents const of{Case};
    window const over = Case.over;
    symbol const x = build::input(g, "x", of.x, Type);
    symbol const y = build::input(g, "y", of.y, Type);
    symbol const k = build::input(g, "k", of.k, Type, false);
    symbol const bias = build::input(g, "bias", {Case.filters}, Type, false);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(maximum(build::convolution(x, k, over) + bias, 0));
    out(build::convolution_input(y, k, over) + 0.5 * x);
    out(build::convolution_kernel(x, y, over) - k);
    return g;
  }
};

/// The greatest elements of blocks of a convolution.
template <sliding_case Case, position_block Block, dtype Type = dtype::float32>
struct greatest_of_blocks {
  static constexpr graph build() {
    graph g;
    case_extents const of{Case};
    symbol const x = build::input(g, "x", of.x, Type);
    symbol const k = build::input(g, "k", of.k, Type, false);
    symbol const bias = build::input(g, "bias", {Case.filters}, Type, false);
    symbol const y = build::convolution_max(x, k, Case.over, Block);
    g.outputs.push_back(maximum(y + bias, 0).id());
    return g;
  }
};

/// The five ops that slide a window over each channel by itself.
template <sliding_case Case, dtype Type = dtype::float32>
struct windows {
  static constexpr graph build() {
    graph g;
    case_extents of{Case};
    of.y[of.y.rank - 1] = Case.channels;
    window const over = Case.over;
    symbol const x = build::input(g, "x", of.x, Type);
    symbol const y = build::input(g, "y", of.y, Type);
    symbol const z = build::input(g, "z", of.x, Type);
    auto const out = [&](symbol v) { g.outputs.push_back(v.id()); };
    out(build::window_max(x, over));
    out(build::window_sum(x, over) * 0.25);
    out(build::window_spread(y, over));
    out(build::window_scatter(x, y, over) + z);
    out(build::window_gather(x, z, over) - y);
    return g;
  }
};

}  // namespace recipes

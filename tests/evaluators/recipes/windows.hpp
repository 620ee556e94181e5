// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/graph/weights.hpp>
#include <typegrad/ops/registry.hpp>

// Convolutions and windows one behind the other.

namespace recipes {

using namespace typegrad;

constexpr window square_window(std::int64_t in, std::int64_t out, std::int64_t size,
                               std::int64_t stride, std::int64_t low) {
  window w;
  w.axes[1] = w.axes[2] = {in, out, size, stride, 1, low};
  return w;
}

/// A small network, its loss and all gradients.
template <bool Same, std::int64_t Channels, std::int64_t Filters>
struct pooled_network {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {9, 9, Channels});
    weights add{g};
    symbol const k = add("k", {3, 3, Channels, Filters}, glorot());
    symbol const b = add("b", {Filters}, glorot());
    symbol const one = add("one", {1, 1, Filters, Filters}, glorot());
    std::int64_t const size = Same ? 9 : 7;
    symbol y = build::convolution(x, k, square_window(9, size, 3, 1, Same ? 1 : 0)) + b;
    y = maximum(y, 0.0);
    symbol const shortcut = y;
    y = build::convolution(y, one, square_window(size, size, 1, 1, 0)) + shortcut;
    y = build::window_max(y, square_window(size, (size - 2) / 2 + 1, 2, 2, 0));
    symbol const wide =
        build::window_sum(y, square_window((size - 2) / 2 + 1, (size - 2) / 2, 2, 1, 0));
    g.outputs.push_back(wide.id());
    symbol const loss = batch_sum(sum(wide * wide));
    list<int> const wanted{x.id(), k.id(), b.id(), one.id()};
    list<int> const gradients = differentiate(g, loss, wanted);
    for (int const id : gradients) g.outputs.push_back(id);
    return g;
  }
  static constexpr initializer glorot() { return {}; }
};

/// Two pooled convolutions as a program that is not differentiated.
template <std::int64_t Size, std::int64_t Filters>
struct pooled {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {Size, Size, 1});
    weights add{g};
    symbol y = x;
    std::int64_t size = Size, channels = 1;
    for (std::int64_t const filters : {Filters, std::int64_t{16}}) {
      symbol const k = add("k", {3, 3, channels, filters}, initializer{});
      symbol const b = add("b", {filters}, initializer{});
      y = maximum(build::convolution(y, k, square_window(size, size - 2, 3, 1, 0)) + b, 0.0);
      y = build::window_max(y, square_window(size - 2, (size - 2) / 2, 2, 2, 0));
      size = (size - 2) / 2;
      channels = filters;
    }
    g.outputs.push_back(y.id());
    return g;
  }
};

}  // namespace recipes

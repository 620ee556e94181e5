// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/convolution.hpp>

// Windows that slide over the spatial axes of x (spatial axes..., channels), each channel by
// itself: what pooling is made of. y (positions..., channels) has one value a window.

namespace typegrad {

namespace build {

namespace detail {

/// A window op from x to y, or back.
constexpr symbol pool(op code, std::string_view name, symbol x, symbol y, window const& over) {
  symbol const& first = x.valid() ? x : y;
  if (poisoned(first)) return poisoned_like(first);
  int const spatial = spatial_axes(over, first.rank(), 1);
  bool fits = spatial > 0 && over.groups == 1;
  if (fits && x.valid()) fits = has_axes(x.shape(), over, spatial, &window_axis::in);
  if (fits && y.valid()) {
    bool const inward = code == op::window_gather;  // its second operand has x's extents
    fits = has_axes(y.shape(), over, spatial, inward ? &window_axis::in : &window_axis::out) &&
           (!x.valid() || x.shape().back() == y.shape().back());
  }
  if (!fits)
    return poison(first.owner(), sentence(name, ": extents ", to_text(first.shape()),
                                          " do not fit the window"));
  bool const to_x = code == op::window_spread || code == op::window_scatter;
  extents shape = with_axes(over, spatial, to_x ? &window_axis::in : &window_axis::out);
  shape.push_back(first.shape().back());
  if (!x.valid()) return slide(code, floating(y), {}, shape, over);
  if (!y.valid()) return slide(code, floating(x), {}, shape, over);
  if (poisoned(y)) return poisoned_like(y);
  agree(x, y);
  if (x.per_sample() || y.per_sample()) {
    x = spread(x);
    y = spread(y);
  }
  return slide(code, x, y, shape, over);
}

}  // namespace detail

/// The sum of each window; padding counts as 0.
constexpr symbol window_sum(symbol x, window const& over) {
  return detail::pool(op::window_sum, "window sum", x, {}, over);
}
/// Every y added to all elements of its window.
constexpr symbol window_spread(symbol y, window const& over) {
  return detail::pool(op::window_spread, "window spread", {}, y, over);
}
/// The greatest element of each window; padding counts as -infinity, NaN as the greatest.
constexpr symbol window_max(symbol x, window const& over) {
  return detail::pool(op::window_max, "window maximum", x, {}, over);
}
/// Every y added to the first greatest x of its window, in the order of the taps; 0 elsewhere.
constexpr symbol window_scatter(symbol x, symbol y, window const& over) {
  return detail::pool(op::window_scatter, "window scatter", x, y, over);
}
/// The z where x is greatest, of each window.
constexpr symbol window_gather(symbol x, symbol z, window const& over) {
  return detail::pool(op::window_gather, "window gather", x, z, over);
}

/// The greatest elements of blocks of the convolution of x and k. Requires as many lengths of a
/// block as a window has axes, which divide the convolution's positions.
constexpr symbol convolution_max(symbol x, symbol k, window const& over, extents const& block) {
  symbol const y = convolution(x, k, over);
  if (poisoned(y)) return y;
  graph& g = y.owner();
  node n = y.info();
  symbol const operands[] = {{g, g.operand(n, 0)}, {g, g.operand(n, 1)}};
  int const unused = max_spatial - (n.shape.rank - 1);
  for (int i = 0; i + 1 < n.shape.rank; ++i) {
    if (block.rank != max_spatial || n.shape[i] % block[unused + i] != 0)
      return poison(g, sentence("convolution maximum: blocks of ", to_text(block),
                                " do not divide a convolution of ", to_text(y.shape())));
    n.shape[i] /= block[unused + i];
  }
  n.code = op::convolution_max;
  n.attribute = -1;
  attribute at;
  at.over = over;
  at.step = block;
  return append(g, n, operands, 2, &at);
}

}  // namespace build

/// Attributes: over.
template <>
struct rule<op::window_sum> {
  static constexpr std::string_view name = "window sum";
  static constexpr void gradient(gradient_context& c) {
    c.add(0, build::window_spread(c.dy, c.attributes().over));
  }
};
template <>
struct rule<op::window_spread> {
  static constexpr std::string_view name = "window spread";
  static constexpr void gradient(gradient_context& c) {
    c.add(0, build::window_sum(c.dy, c.attributes().over));
  }
};
template <>
struct rule<op::window_max> {
  static constexpr std::string_view name = "window maximum";
  static constexpr void gradient(gradient_context& c) {
    c.add(0, build::window_scatter(c.operand(0), c.dy, c.attributes().over));
  }
};
template <>
struct rule<op::window_scatter> {
  static constexpr std::string_view name = "window scatter";
  static constexpr void gradient(gradient_context& c) {
    window const over = c.attributes().over;
    if (c.wants(1)) c.add(1, build::window_gather(c.operand(0), c.dy, over));
  }
};
template <>
struct rule<op::window_gather> {
  static constexpr std::string_view name = "window gather";
  static constexpr void gradient(gradient_context& c) {
    window const over = c.attributes().over;
    if (c.wants(1)) c.add(1, build::window_scatter(c.operand(0), c.dy, over));
  }
};

/// (x, k). Attributes: over; step, the extents of a block.
template <>
struct rule<op::convolution_max> {
  static constexpr std::string_view name = "convolution maximum";
  static constexpr void gradient(gradient_context& c) {
    attribute const a = c.attributes();
    window blocks;
    for (int i = 0; i < max_spatial; ++i) {
      std::int64_t const in = a.over.axes[i].out, size = a.step[i];
      blocks.axes[i] = {.in = in, .out = in / size, .size = size, .stride = size};
    }
    symbol const y = build::convolution(c.operand(0), c.operand(1), a.over);
    symbol const dy = build::window_scatter(y, c.dy, blocks);
    if (c.wants(0)) c.add(0, build::convolution_input(dy, c.operand(1), a.over));
    if (c.wants(1)) c.add(1, build::convolution_kernel(c.operand(0), dy, a.over));
  }
};

}  // namespace typegrad

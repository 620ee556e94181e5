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

/// The greatest elements of blocks of the convolution of x and k. Requires blocks that divide its
/// positions.
constexpr symbol convolution_max(symbol x, symbol k, window const& over,
                                 position_block const& block) {
  symbol const y = convolution(x, k, over);
  if (poisoned(y)) return y;
  graph& g = y.owner();
  for (int i = 0; i < max_spatial; ++i)
    if (over.axes[i].out % block.at[i] != 0)
      return poison(g, sentence("convolution maximum: blocks of ",
                                to_text(extents{block.at[0], block.at[1], block.at[2]}),
                                " do not divide a convolution of ", to_text(y.shape())));
  node n = y.info();
  extents shape = detail::with_axes(blocks_of(over, block), n.shape.rank - 1, &window_axis::out);
  shape.push_back(n.shape.back());
  n.code = op::convolution_max;
  n.shape = shape;
  n.attribute = -1;
  attribute at;
  at.over = over;
  at.block = block;
  symbol const operands[] = {{g, g.operand(n, 0)}, {g, g.operand(n, 1)}};
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

/// (x, k). Attributes: over; block.
template <>
struct rule<op::convolution_max> {
  static constexpr std::string_view name = "convolution maximum";
  static constexpr void gradient(gradient_context& c) {
    window const over = c.attributes().over;
    window const blocks = blocks_of(over, c.attributes().block);
    symbol const y = build::convolution(c.operand(0), c.operand(1), over);
    symbol const dy = build::window_scatter(y, c.dy, blocks);
    if (c.wants(0)) c.add(0, build::convolution_input(dy, c.operand(1), over));
    if (c.wants(1)) c.add(1, build::convolution_kernel(c.operand(0), dy, over));
  }
};

}  // namespace typegrad

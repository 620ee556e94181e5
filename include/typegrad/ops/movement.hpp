// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/reduction.hpp>

namespace typegrad {

namespace symbolic {
/// The same elements, in the same order, under other extents. Requires equal counts.
constexpr symbol reshape(symbol x, extents shape) { return build::reshape(x, shape); }
}  // namespace symbolic

constexpr symbol transpose(symbol x, axis_list permutation) {
  return build::transpose(x, permutation);
}
constexpr symbol slice(symbol x, extents low, extents high, extents step = {}) {
  return build::slice(x, low, high, step);
}
constexpr symbol pad(symbol x, extents low, extents high, double value = 0) {
  return build::pad(x, low, high, {}, value);
}
/// The given values one behind the other along `axis` (by default the last).
template <class... Rest>
constexpr symbol concatenate(symbol first, symbol second, Rest... rest) {
  symbol const both = build::concatenate(first, second, first.rank() - 1);
  if constexpr (sizeof...(rest) == 0)
    return both;
  else
    return concatenate(both, rest...);
}

template <>
struct rule<op::reshape> {
  static constexpr std::string_view name = "reshape";
  static constexpr void gradient(gradient_context& c) {
    c.add(0, build::reshape(c.dy, c.operand(0).shape()));
  }
};

/// Attribute a: the permutation; result axis i is operand axis a[i].
template <>
struct rule<op::transpose> {
  static constexpr std::string_view name = "transpose";
  static constexpr void gradient(gradient_context& c) {
    axis_list const& permutation = c.attributes().a;
    axis_list inverse;
    for (int i = 0; i < permutation.size(); ++i)
      for (int j = 0; j < permutation.size(); ++j)
        if (permutation[j] == i) inverse.push_back(j);
    c.add(0, build::transpose(c.dy, inverse));
  }
};

/// Attribute a: result axis a[i] is operand axis i.
template <>
struct rule<op::broadcast> {
  static constexpr std::string_view name = "broadcast";
  static constexpr void gradient(gradient_context& c) {
    axis_list const repeated = detail::other_axes(c.attributes().a, c.y.rank());
    c.add(0, build::reduce(op::reduce_sum, c.dy, repeated));
  }
};

/// Attributes low, high, step: as in `build::slice`.
template <>
struct rule<op::slice> {
  static constexpr std::string_view name = "slice";
  static constexpr void gradient(gradient_context& c) {
    attribute const a = c.attributes();
    extents high;
    extents const from = c.operand(0).shape();
    extents const to = c.y.shape();
    for (int i = 0; i < from.rank; ++i)
      high.push_back(from[i] - (a.low[i] + (to[i] - 1) * a.step[i] + 1));
    c.add(0, build::pad(c.dy, a.low, high, a.step));
  }
};

/// Attributes low, high, step: as in `build::pad`; `value` stands around the operand.
template <>
struct rule<op::pad> {
  static constexpr std::string_view name = "pad";
  static constexpr void gradient(gradient_context& c) {
    attribute const a = c.attributes();
    extents high;
    extents const from = c.operand(0).shape();
    for (int i = 0; i < from.rank; ++i)
      high.push_back(a.low[i] + (from[i] - 1) * a.step[i] + 1);
    c.add(0, build::slice(c.dy, a.low, high, a.step));
  }
};

/// `index`: the axis.
template <>
struct rule<op::concatenate> {
  static constexpr std::string_view name = "concatenate";
  static constexpr void gradient(gradient_context& c) {
    int const axis = c.y.info().index;
    extents low, high = c.y.shape();
    for (int i = 0; i < high.rank; ++i) low.push_back(0);
    int const parts = c.owner()[c.y.id()].operand_count;
    for (int k = 0; k < parts; ++k) {
      high[axis] = low[axis] + c.operand(k).shape()[axis];
      if (c.wants(k)) c.add(k, build::slice(c.dy, low, high));
      low[axis] = high[axis];
    }
  }
};

/// Attribute a: the axes.
template <>
struct rule<op::reverse> {
  static constexpr std::string_view name = "reverse";
  static constexpr void gradient(gradient_context& c) {
    c.add(0, build::reverse(c.dy, c.attributes().a));
  }
};

}  // namespace typegrad

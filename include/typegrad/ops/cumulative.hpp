// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/axis.hpp>
#include <typegrad/ops/movement.hpp>

// What accumulates along an axis.

namespace typegrad {

namespace build {

/// The sums of x along `axis` up to each element, or from it on if `backwards`; without the element
/// itself if `exclusive`. Sums of 16-bit values are added up in float32, of truth values in int32.
constexpr symbol cumulative_sum(symbol x, int axis, bool backwards, bool exclusive) {
  if (poisoned(x)) return poisoned_like(x);
  if (!typegrad::detail::find_axis("cumsum", x, axis)) return {x.owner(), -1};
  if (is_half(x.type()))
    return build::cast(cumulative_sum(build::cast(x, dtype::float32), axis, backwards, exclusive),
                       x.type());
  if (!is_floating(x.type())) x = build::cast(x, dtype::int32);
  node n;
  n.code = op::cumulative_sum;
  n.type = x.type();
  n.per_sample = x.per_sample();
  n.index = axis;
  n.shape = x.shape();
  attribute a;
  a.backwards = backwards;
  a.exclusive = exclusive;
  return append(x.owner(), n, &x, 1, &a);
}

}  // namespace build

/// The sums of x along `axis` up to each element. `reverse`: from the last element backwards;
/// `exclusive`: without the element itself, so that it begins with 0. TensorFlow's.
constexpr symbol cumsum(symbol x, int axis = -1, bool reverse = false, bool exclusive = false) {
  return build::cumulative_sum(x, axis, reverse, exclusive);
}

/// The products of x along `axis` up to each element. Composed of as many products as the length
/// has bits, so that zeros have right gradients.
constexpr symbol cumprod(symbol x, int axis = -1, bool reverse = false, bool exclusive = false) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  if (!detail::find_axis("cumprod", x, axis)) return {x.owner(), -1};
  if (x.type() == dtype::boolean) x = build::cast(x, dtype::int32);
  std::int64_t const length = x.shape()[axis];
  // `by` ones at the end where it begins, and as many elements less at the other
  auto const shifted = [&](symbol y, std::int64_t by) {
    extents zero, high = y.shape();
    for (int i = 0; i < y.rank(); ++i) zero.push_back(0);
    extents more = zero;
    if (by >= length) return build::constant(y.owner(), 1, y.type(), y.shape());
    more[axis] = by;
    if (reverse) {
      extents low = zero;
      low[axis] = by;
      return build::pad(build::slice(y, low, high), zero, more, {}, 1);
    }
    high[axis] -= by;
    return build::pad(build::slice(y, zero, high), more, zero, {}, 1);
  };
  symbol y = exclusive ? shifted(x, 1) : x;
  for (std::int64_t by = 1; by < length; by *= 2) y = y * shifted(y, by);
  return y;
}

/// `index`: the axis. Attributes: backwards, exclusive.
template <>
struct rule<op::cumulative_sum> {
  static constexpr std::string_view name = "cumsum";
  static constexpr void gradient(gradient_context& c) {
    attribute const a = c.attributes();
    c.add(0, build::cumulative_sum(c.dy, c.y.info().index, !a.backwards, a.exclusive));
  }
};

}  // namespace typegrad

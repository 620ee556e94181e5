// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/gather.hpp>

// Order along an axis. NaN is the greatest number, as it is for the maximum; of equal elements the
// one of the lower position comes first, in whichever direction.

namespace typegrad {

namespace build {

/// The positions along `axis` that bring x into ascending order, or descending if `backwards`; the
/// first `count` of them, or all.
constexpr symbol argsort(symbol x, int axis, bool backwards = false, std::int64_t count = -1) {
  if (poisoned(x)) return poisoned_like(x);
  if (!typegrad::detail::find_axis("argsort", x, axis)) return {x.owner(), -1};
  node n;
  n.code = op::argsort;
  n.type = dtype::int32;
  n.per_sample = x.per_sample();
  n.index = axis;
  n.shape = x.shape();
  if (count >= 0) n.shape[axis] = count;
  attribute a;
  a.backwards = backwards;
  return append(x.owner(), n, &x, 1, &a);
}

}  // namespace build

/// The positions along `axis` that sort x: ascending, stable, NaN last, as NumPy's; int32.
/// `descending`: the greatest first, equal ones in their order.
constexpr symbol argsort(symbol x, int axis = -1, bool descending = false) {
  return build::argsort(x, axis, descending);
}

/// x in ascending order along `axis`, NaN last, or descending. The gradient goes to where each
/// element came from.
constexpr symbol sort(symbol x, int axis = -1, bool descending = false) {
  return build::gather_along(x, build::argsort(x, axis, descending), axis);
}

/// What `top_k` gives.
struct top_values {
  symbol values;
  symbol indices;  ///< int32
};

/// The k greatest elements along the last axis, the greatest first, and where they stand; of equal
/// ones the lower position comes first, as in TensorFlow.
constexpr top_values top_k(symbol x, std::int64_t k) {
  if (build::poisoned(x)) return {build::poisoned_like(x), build::poisoned_like(x)};
  graph& g = x.owner();
  if (x.rank() == 0 || k < 1 || k > x.shape().back()) {
    g.fail(sentence("top_k: k = ", k, " of extents ", to_text(x.shape()),
                    ": needs 1 to as many as the last axis has"));
    return {{g, -1}, {g, -1}};
  }
  symbol const indices = build::argsort(x, -1, true, k);
  return {build::gather_along(x, indices, -1), indices};
}

/// `index`: the axis. Attribute: backwards. The result has the first positions, as many as its
/// extent along the axis.
template <>
struct rule<op::argsort> : detail::no_gradient {
  static constexpr std::string_view name = "argsort";
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/operators.hpp>
#include <typegrad/ops/rule.hpp>

namespace typegrad {

namespace detail {

/// The axes that a reduction of `rank` axes keeps.
constexpr axis_list other_axes(axis_list const& axes, int rank) {
  axis_list kept;
  for (int i = 0; i < rank; ++i)
    if (!axes.contains(i)) kept.push_back(i);
  return kept;
}

/// Negative axes count from the end; none at all means all of them.
constexpr axis_list normalized(axis_list const& axes, int rank) {
  axis_list out;
  for (int i = 0; i < axes.size(); ++i) {
    int const axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (!out.contains(axis)) out.push_back(axis);
  }
  if (out.size() == 0)
    for (int i = 0; i < rank; ++i) out.push_back(i);
  return out;
}

constexpr symbol reduce(op code, std::string_view name, symbol x, axis_list const& axes,
                        bool keep_dims) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  extents const from = x.shape();
  axis_list const all = normalized(axes, from.rank);
  for (int i = 0; i < all.size(); ++i)
    if (all[i] < 0 || all[i] >= from.rank)
      return poison(x.owner(), sentence(name, ": extents ", to_text(from), " have no axis ",
                                        axes[i]));
  symbol const y = build::reduce(code, x, all);
  if (!keep_dims) return y;
  extents kept = from;
  for (int i = 0; i < all.size(); ++i) kept[all[i]] = 1;
  return build::reshape(y, kept);
}

/// The reduced value y (or its cotangent) again at the extents before the reduction.
constexpr symbol expand(symbol y, extents const& shape, axis_list const& axes) {
  return build::broadcast(y, shape, other_axes(axes, shape.rank));
}

}  // namespace detail

/// Sum over `axes` (all if none are given) of one sample's value.
constexpr symbol sum(symbol x, axis_list axes = {}, bool keep_dims = false) {
  return detail::reduce(op::reduce_sum, "sum", x, axes, keep_dims);
}
/// The mean over `axes` (all if none are given).
constexpr symbol mean(symbol x, axis_list axes = {}, bool keep_dims = false) {
  symbol const y = sum(x, axes, keep_dims);
  if (!y.valid() || y.shape().count() == 0) return y;
  return y * (1.0 / static_cast<double>(x.shape().count() / y.shape().count()));
}
constexpr symbol max(symbol x, axis_list axes = {}, bool keep_dims = false) {
  return detail::reduce(op::reduce_max, "max", x, axes, keep_dims);
}
constexpr symbol min(symbol x, axis_list axes = {}, bool keep_dims = false) {
  return detail::reduce(op::reduce_min, "min", x, axes, keep_dims);
}
/// The position of the largest element along `axis`, the first of several; int32.
constexpr symbol argmax(symbol x, int axis = -1, bool keep_dims = false) {
  return detail::reduce(op::argmax, "argmax", x, {axis}, keep_dims);
}
constexpr symbol argmin(symbol x, int axis = -1, bool keep_dims = false) {
  return detail::reduce(op::argmin, "argmin", x, {axis}, keep_dims);
}

/// Sum over the samples of the batch; what is shared already is left as it is.
constexpr symbol batch_sum(symbol x) { return build::reduce(op::reduce_sum, x, {}, true); }
/// Mean over the samples of the batch.
constexpr symbol batch_mean(symbol x) {
  if (build::poisoned(x) || !x.per_sample()) return x;
  return batch_sum(x) / build::scalar(x.owner(), run_scalar::batch_size);
}

/// Attribute a: the axes; over_batch.
template <>
struct rule<op::reduce_sum> {
  static constexpr std::string_view name = "sum";
  static constexpr void gradient(gradient_context& c) {
    c.add(0, detail::expand(c.dy, c.operand(0).shape(), c.attributes().a));
  }
};

namespace detail {

/// The gradient goes to the elements that equal the extremum, in equal parts.
struct extremum_gradient {
  static constexpr void gradient(gradient_context& c) {
    symbol const x = c.operand(0);
    axis_list const axes = c.attributes().a;
    symbol const hit = cast(x == expand(c.y, x.shape(), axes), x.type());
    symbol const hits = build::reduce(op::reduce_sum, hit, axes, c.attributes().over_batch);
    c.add(0, hit * expand(c.dy / hits, x.shape(), axes));
  }
};

}  // namespace detail

template <>
struct rule<op::reduce_max> : detail::extremum_gradient {
  static constexpr std::string_view name = "max";
};
template <>
struct rule<op::reduce_min> : detail::extremum_gradient {
  static constexpr std::string_view name = "min";
};
/// Attribute a: one axis.
template <>
struct rule<op::argmax> : detail::no_gradient {
  static constexpr std::string_view name = "argmax";
};
template <>
struct rule<op::argmin> : detail::no_gradient {
  static constexpr std::string_view name = "argmin";
};

constexpr void gradient_context::add(int i, symbol contribution) {
  if (!contribution.valid() || !wants(i)) return;
  symbol const target = operand(i);
  if (!target.per_sample() && contribution.per_sample()) contribution = batch_sum(contribution);
  if (target.per_sample()) contribution = build::spread(contribution);
  int& cotangent = (*cotangents_)[target.id()];
  symbol const total =
      cotangent < 0 ? contribution : symbol{*graph_, cotangent} + contribution;
  cotangent = total.id();
}

}  // namespace typegrad

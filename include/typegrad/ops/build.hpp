// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/symbol.hpp>

// How nodes come to be: one function a family of ops, which checks the operands, finds the
// result's extents and appends the node. Everything that computes with symbols ends here.

namespace typegrad::build {

constexpr symbol append(graph& g, node const& n, symbol const* operands, int count,
                        attribute const* a = nullptr) {
  int ids[8] = {};
  for (int i = 0; i < count; ++i) ids[i] = operands[i].id();
  return {g, g.add(n, ids, count, a)};
}

/// Whether the trace went wrong before; then there is nothing to do.
constexpr bool poisoned(symbol const& x) { return !x.valid() || x.owner().failed(); }

constexpr symbol poisoned_like(symbol const& x) {
  return x.valid() ? symbol{x.owner(), -1} : x;
}

// Leaves ------------------------------------------------------------------------------------------

constexpr symbol input(graph& g, std::string_view name, extents const& shape,
                       dtype type = dtype::float32, bool per_sample = true) {
  node n;
  n.code = op::input;
  n.type = type;
  n.shape = shape;
  n.per_sample = per_sample;
  n.index = g.inputs.size();
  input_info info;
  info.name.append(name);
  info.shape = shape;
  info.type = type;
  info.per_sample = per_sample;
  g.inputs.push_back(info);
  return append(g, n, nullptr, 0);
}

constexpr symbol constant(graph& g, double value, dtype type = dtype::float32,
                          extents const& shape = {}) {
  node n;
  n.code = op::constant;
  n.type = type;
  n.value = value;
  n.shape = shape;
  return append(g, n, nullptr, 0);
}

/// A number that is only known at run time, as a float32 scalar.
constexpr symbol scalar(graph& g, run_scalar which) {
  node n;
  n.code = op::scalar;
  n.index = static_cast<int>(which);
  return append(g, n, nullptr, 0);
}

/// The position along `axis`, everywhere in `shape`.
constexpr symbol iota(graph& g, extents const& shape, int axis, dtype type = dtype::int32) {
  node n;
  n.code = op::iota;
  n.type = type;
  n.shape = shape;
  n.index = axis;
  return append(g, n, nullptr, 0);
}

/// Independent numbers in [0, 1), new ones in every step; one set a sample if `per_sample`.
constexpr symbol random_uniform(graph& g, extents const& shape, bool per_sample) {
  node n;
  n.code = op::random_uniform;
  n.shape = shape;
  n.per_sample = per_sample;
  n.index = g.random_streams++;
  return append(g, n, nullptr, 0);
}

// Movement ----------------------------------------------------------------------------------------

/// The same elements, in the same order, under other extents. Requires equal counts.
constexpr symbol reshape(symbol x, extents const& shape) {
  if (poisoned(x)) return poisoned_like(x);
  if (x.shape() == shape) return x;
  if (x.shape().count() != shape.count())
    return poison(x.owner(), sentence(x.shape().count(), " elements cannot become ",
                                      to_text(shape)));
  node n;
  n.code = op::reshape;
  n.type = x.type();
  n.per_sample = x.per_sample();
  n.shape = shape;
  return append(x.owner(), n, &x, 1);
}

/// Result axis i is operand axis `permutation[i]`.
constexpr symbol transpose(symbol x, axis_list const& permutation) {
  if (poisoned(x)) return poisoned_like(x);
  node n;
  n.code = op::transpose;
  n.type = x.type();
  n.per_sample = x.per_sample();
  bool identity = true;
  bool valid = permutation.size() == x.rank();
  for (int i = 0; i < permutation.size(); ++i) {
    int const axis = permutation[i];
    bool fresh = axis >= 0 && axis < x.rank();
    for (int j = 0; j < i; ++j) fresh = fresh && permutation[j] != axis;
    valid = valid && fresh;
    if (!valid) break;
    n.shape.push_back(x.shape()[axis]);
    identity = identity && axis == i;
  }
  if (!valid)
    return poison(x.owner(), sentence("transpose: needs each of the ", x.rank(), " axes once"));
  if (identity) return x;
  attribute a;
  a.a = permutation;
  return append(x.owner(), n, &x, 1, &a);
}

/// Operand axis i becomes result axis `axes[i]`; the result repeats it along all others.
constexpr symbol broadcast(symbol x, extents const& shape, axis_list const& axes) {
  if (poisoned(x)) return poisoned_like(x);
  if (x.shape() == shape) return x;
  node n;
  n.code = op::broadcast;
  n.type = x.type();
  n.per_sample = x.per_sample();
  n.shape = shape;
  attribute a;
  a.a = axes;
  return append(x.owner(), n, &x, 1, &a);
}

/// A shared value as one of every sample: a broadcast along the batch.
constexpr symbol spread(symbol x) {
  if (poisoned(x)) return poisoned_like(x);
  if (x.per_sample()) return x;
  node n;
  n.code = op::broadcast;
  n.type = x.type();
  n.per_sample = true;
  n.shape = x.shape();
  attribute a;
  for (int i = 0; i < x.rank(); ++i) a.a.push_back(i);
  return append(x.owner(), n, &x, 1, &a);
}

/// NumPy's rule: axes are aligned at the end, axes of length 1 are repeated.
/// Requires that x fits; see `broadcast_shape`.
constexpr symbol broadcast_to(symbol x, extents const& shape) {
  if (poisoned(x)) return poisoned_like(x);
  extents kept;
  axis_list axes;
  extents const from = x.shape();
  int const shift = shape.rank - from.rank;
  for (int i = 0; i < from.rank; ++i) {
    if (from[i] == 1 && shape[i + shift] != 1) continue;
    kept.push_back(from[i]);
    axes.push_back(i + shift);
  }
  return broadcast(reshape(x, kept), shape, axes);
}

/// The extents that a and b broadcast to. False if they do not.
constexpr bool broadcast_shape(extents const& a, extents const& b, extents& result) {
  int const rank = a.rank > b.rank ? a.rank : b.rank;
  result = {};
  for (int i = 0; i < rank; ++i) {
    int const ia = i - (rank - a.rank);
    int const ib = i - (rank - b.rank);
    std::int64_t const na = ia >= 0 ? a[ia] : 1;
    std::int64_t const nb = ib >= 0 ? b[ib] : 1;
    if (na != nb && na != 1 && nb != 1) return false;
    result.push_back(na == 1 ? nb : na);
  }
  return true;
}

/// Elements low[i], low[i] + step[i], ... below high[i] of every axis i.
constexpr symbol slice(symbol x, extents const& low, extents const& high, extents step = {}) {
  if (poisoned(x)) return poisoned_like(x);
  node n;
  n.code = op::slice;
  n.type = x.type();
  n.per_sample = x.per_sample();
  extents const from = x.shape();
  if (step.rank == 0)
    for (int i = 0; i < from.rank; ++i) step.push_back(1);
  bool valid = low.rank == from.rank && high.rank == from.rank && step.rank == from.rank;
  for (int i = 0; valid && i < from.rank; ++i) {
    valid = low[i] >= 0 && low[i] < high[i] && high[i] <= from[i] && step[i] > 0;
    if (valid) n.shape.push_back((high[i] - low[i] + step[i] - 1) / step[i]);
  }
  if (!valid)
    return poison(x.owner(), sentence("slice: from ", to_text(low), " to ", to_text(high),
                                      " does not lie within extents ", to_text(from)));
  if (n.shape == from) return x;
  attribute a;
  a.low = low;
  a.high = high;
  a.step = step;
  return append(x.owner(), n, &x, 1, &a);
}

/// `value` around x: low[i] elements before axis i, high[i] behind it, step[i] - 1 between any two.
constexpr symbol pad(symbol x, extents const& low, extents const& high, extents step = {},
                     double value = 0) {
  if (poisoned(x)) return poisoned_like(x);
  node n;
  n.code = op::pad;
  n.type = x.type();
  n.per_sample = x.per_sample();
  n.value = value;
  extents const from = x.shape();
  if (step.rank == 0)
    for (int i = 0; i < from.rank; ++i) step.push_back(1);
  bool valid = low.rank == from.rank && high.rank == from.rank && step.rank == from.rank;
  for (int i = 0; valid && i < from.rank; ++i) {
    valid = low[i] >= 0 && high[i] >= 0 && step[i] > 0;
    n.shape.push_back(low[i] + high[i] + (from[i] - 1) * step[i] + 1);
  }
  if (!valid)
    return poison(x.owner(), sentence("pad: needs one non-negative amount for each axis of ",
                                      to_text(from)));
  if (n.shape == from) return x;
  attribute a;
  a.low = low;
  a.high = high;
  a.step = step;
  return append(x.owner(), n, &x, 1, &a);
}

constexpr symbol cast(symbol x, dtype type);
constexpr dtype common_type(dtype a, dtype b);

/// The parts one behind the other along `axis`, brought to a common dtype; what is shared is
/// repeated for every sample if some part has samples. Requires one part at least.
constexpr symbol concatenate(list<symbol> const& parts, int axis) {
  for (symbol const& x : parts)
    if (poisoned(x)) return poisoned_like(x);
  if (parts.size() == 1) return parts[0];
  dtype type = parts[0].type();
  for (symbol const& x : parts) type = common_type(type, x.type());
  symbol const first = cast(parts[0], type);
  graph& g = first.owner();
  node n = first.info();
  n.code = op::concatenate;
  n.attribute = -1;
  n.region = -1;
  n.value = 0;
  n.index = axis;
  list<int> ids{first.id()};
  for (int k = 1; k < parts.size(); ++k) {
    extents const left = n.shape;
    extents const right = parts[k].shape();
    bool valid = left.rank == right.rank && axis >= 0 && axis < left.rank;
    for (int i = 0; valid && i < left.rank; ++i) valid = i == axis || left[i] == right[i];
    if (!valid)
      return poison(g, sentence("concatenate: extents ", to_text(left), " and ", to_text(right),
                                " do not fit along axis ", axis));
    n.per_sample = n.per_sample || parts[k].per_sample();
    n.shape[axis] += right[axis];
    ids.push_back(cast(parts[k], type).id());
  }
  return {g, g.add(n, ids.begin(), ids.size())};
}
constexpr symbol concatenate(symbol a, symbol b, int axis) {
  return concatenate(list<symbol>{a, b}, axis);
}

/// The elements of the given axes in the opposite order.
constexpr symbol reverse(symbol x, axis_list const& axes) {
  if (poisoned(x)) return poisoned_like(x);
  if (axes.size() == 0) return x;
  node n;
  n.code = op::reverse;
  n.type = x.type();
  n.per_sample = x.per_sample();
  n.shape = x.shape();
  attribute a;
  a.a = axes;
  return append(x.owner(), n, &x, 1, &a);
}

// Elementwise -------------------------------------------------------------------------------------

constexpr symbol cast(symbol x, dtype type) {
  if (poisoned(x) || x.type() == type) return x;
  node n;
  n.code = op::cast;
  n.type = type;
  n.per_sample = x.per_sample();
  n.shape = x.shape();
  return append(x.owner(), n, &x, 1);
}

/// Mathematics on integers and truth values is done in float32, arithmetic on truth values in
/// int32.
constexpr symbol unary(op code, symbol x) {
  if (poisoned(x)) return poisoned_like(x);
  bool const fractional = is_between(code, op::exp, op::round) || code == op::is_finite;
  if (fractional && !is_floating(x.type())) x = cast(x, dtype::float32);
  if (is_between(code, op::negate, op::sign) && x.type() == dtype::boolean)
    x = cast(x, dtype::int32);
  if (code == op::logical_not) x = cast(x, dtype::boolean);
  node n;
  n.code = code;
  n.type = code == op::is_finite ? dtype::boolean : x.type();
  n.per_sample = x.per_sample();
  n.shape = x.shape();
  return append(x.owner(), n, &x, 1);
}

/// The dtype that both operands are brought to: the floating, then the wider one; float32 for
/// float16 and bfloat16, of which neither holds the other.
constexpr dtype common_type(dtype a, dtype b) {
  if (a == b) return a;
  if (a == dtype::boolean) return b;
  if (b == dtype::boolean) return a;
  if (is_floating(a) != is_floating(b)) return is_floating(a) ? a : b;
  if (is_half(a) && is_half(b)) return dtype::float32;
  return bytes_of(a) >= bytes_of(b) ? a : b;
}

/// Operands broadcast against each other and are brought to a common dtype. Quotients and powers of
/// integers are float32, arithmetic on truth values is int32, as in Keras.
constexpr symbol binary(op code, std::string_view name, symbol a, symbol b) {
  if (poisoned(a)) return poisoned_like(a);
  if (poisoned(b)) return poisoned_like(b);
  node n;
  n.code = code;
  if (!broadcast_shape(a.shape(), b.shape(), n.shape))
    return poison(a.owner(), sentence(name, ": extents ", to_text(a.shape()), " and ",
                                      to_text(b.shape()), " do not broadcast"));
  bool const logical = code == op::logical_and || code == op::logical_or;
  bool const to_boolean = is_comparison(code) || logical;
  dtype type = common_type(a.type(), b.type());
  if (logical) type = dtype::boolean;
  if (type == dtype::boolean && !logical && code != op::equal && code != op::not_equal)
    type = dtype::int32;
  bool const fractional = code == op::divide || code == op::power || code == op::atan2;
  if (fractional && !is_floating(type)) type = dtype::float32;
  n.type = to_boolean ? dtype::boolean : type;
  n.per_sample = a.per_sample() || b.per_sample();
  symbol const both[] = {broadcast_to(cast(a, type), n.shape),
                         broadcast_to(cast(b, type), n.shape)};
  return append(a.owner(), n, both, 2);
}

constexpr symbol select(symbol condition, symbol a, symbol b) {
  if (poisoned(condition)) return poisoned_like(condition);
  if (poisoned(a)) return poisoned_like(a);
  if (poisoned(b)) return poisoned_like(b);
  graph& g = a.owner();
  node n;
  n.code = op::select;
  extents both_shape;
  if (!broadcast_shape(a.shape(), b.shape(), both_shape) ||
      !broadcast_shape(condition.shape(), both_shape, n.shape))
    return poison(g, sentence("where: extents ", to_text(condition.shape()), ", ",
                              to_text(a.shape()), " and ", to_text(b.shape()),
                              " do not broadcast"));
  n.type = common_type(a.type(), b.type());
  n.per_sample = condition.per_sample() || a.per_sample() || b.per_sample();
  symbol const all[] = {broadcast_to(cast(condition, dtype::boolean), n.shape),
                        broadcast_to(cast(a, n.type), n.shape),
                        broadcast_to(cast(b, n.type), n.shape)};
  return append(g, n, all, 3);
}

// Reductions and contractions ---------------------------------------------------------------------

/// Reduces the given axes away, and the batch too if `over_batch` (which a shared x ignores). The
/// sum of truth values is an int32; sums of 16-bit values are added up in float32.
constexpr symbol reduce(op code, symbol x, axis_list const& axes, bool over_batch = false) {
  if (poisoned(x)) return poisoned_like(x);
  if (axes.size() == 0 && !over_batch) return x;
  if (axes.size() == 0 && !x.per_sample()) return x;
  if (x.type() == dtype::boolean) {
    symbol const y = reduce(code, cast(x, dtype::int32), axes, over_batch);
    return code == op::reduce_max || code == op::reduce_min ? cast(y, dtype::boolean) : y;
  }
  if (code == op::reduce_sum && is_half(x.type()))
    return cast(reduce(code, cast(x, dtype::float32), axes, over_batch), x.type());
  node n;
  n.code = code;
  n.type = code == op::argmax || code == op::argmin ? dtype::int32 : x.type();
  n.per_sample = x.per_sample() && !over_batch;
  for (int i = 0; i < x.rank(); ++i)
    if (!axes.contains(i)) n.shape.push_back(x.shape()[i]);
  attribute a;
  a.a = axes;
  a.over_batch = over_batch && x.per_sample();
  return append(x.owner(), n, &x, 1, &a);
}

/// The axes of a contraction, as in StableHLO. Result axes: the batch axes, then a's, then b's
/// remaining ones. `over_batch` contracts over the samples as well (both operands then have some).
struct dot_axes {
  axis_list contract_a, contract_b;
  axis_list batch_a, batch_b;
  bool over_batch = false;
};

/// The same as a node's attribute.
constexpr attribute attribute_of(dot_axes const& axes) {
  attribute at;
  at.a = axes.contract_a;
  at.b = axes.contract_b;
  at.c = axes.batch_a;
  at.d = axes.batch_b;
  at.over_batch = axes.over_batch;
  return at;
}

constexpr symbol dot_general(symbol a, symbol b, dot_axes const& axes) {
  if (poisoned(a)) return poisoned_like(a);
  if (poisoned(b)) return poisoned_like(b);
  dtype type = common_type(a.type(), b.type());
  if (type == dtype::boolean) type = dtype::int32;
  a = cast(a, type);
  b = cast(b, type);
  extents const left = a.shape();
  extents const right = b.shape();
  bool valid = axes.contract_a.size() == axes.contract_b.size() &&
               axes.batch_a.size() == axes.batch_b.size();
  auto const pairs = [&](axis_list const& l, axis_list const& r) {
    for (int i = 0; valid && i < l.size(); ++i)
      valid = l[i] >= 0 && l[i] < left.rank && r[i] >= 0 && r[i] < right.rank &&
              left[l[i]] == right[r[i]];
  };
  pairs(axes.contract_a, axes.contract_b);
  pairs(axes.batch_a, axes.batch_b);
  if (valid && left.rank + right.rank - 2 * axes.contract_a.size() - axes.batch_a.size() > max_rank)
    return poison(a.owner(), sentence("matmul: the product of extents ", to_text(left), " and ",
                                      to_text(right), " has more than ", max_rank, " axes"));
  if (!valid)
    return poison(a.owner(), sentence("matmul: extents ", to_text(left), " and ", to_text(right),
                                      " do not fit"));
  node n;
  n.code = op::dot_general;
  n.type = type;
  n.per_sample = (a.per_sample() || b.per_sample()) && !axes.over_batch;
  for (int i = 0; i < axes.batch_a.size(); ++i) n.shape.push_back(left[axes.batch_a[i]]);
  for (int i = 0; i < left.rank; ++i)
    if (!axes.contract_a.contains(i) && !axes.batch_a.contains(i)) n.shape.push_back(left[i]);
  for (int i = 0; i < right.rank; ++i)
    if (!axes.contract_b.contains(i) && !axes.batch_b.contains(i)) n.shape.push_back(right[i]);
  attribute const at = attribute_of(axes);
  symbol const both[] = {a, b};
  return append(a.owner(), n, both, 2, &at);
}

}  // namespace typegrad::build

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step.hpp>

namespace typegrad {

/// How a node is read by a step: its coordinates as affine functions of the position in the step's
/// domain. Through a reshape only the linear position may be known, which is enough for a load.
/// The batch is not part of it: sample b of the domain reads sample b.
struct view {
  access linear;
  access coordinates[max_rank];
  bool known = true;  ///< whether the coordinates are
};

namespace detail {

constexpr void accumulate(access& sum, access const& term, std::int64_t factor) {
  sum.offset += factor * term.offset;
  for (int i = 0; i < max_domain; ++i) sum.strides[i] += factor * term.strides[i];
}

/// The linear position in row-major order.
constexpr access linearized(view const& v, extents const& shape) {
  access out;
  std::int64_t stride = 1;
  for (int i = shape.rank - 1; i >= 0; --i) {
    accumulate(out, v.coordinates[i], stride);
    stride *= shape[i];
  }
  return out;
}

/// Node axis i is domain axis `first + i`.
constexpr view identity_view(extents const& shape, int first) {
  view v;
  for (int i = 0; i < shape.rank; ++i) v.coordinates[i].strides[first + i] = 1;
  v.linear = linearized(v, shape);
  return v;
}

/// Splits a linear position into coordinates of `shape`, where its terms allow it.
constexpr bool split(access const& linear, extents const& shape, step const& s, view& out) {
  if (shape.rank == 0) return true;
  if (shape.rank == 1) {
    out.coordinates[0] = linear;
    return true;
  }
  std::int64_t unit = shape.count();
  std::int64_t offset = linear.offset;
  bool used[max_domain] = {};
  for (int axis = 0; axis < shape.rank; ++axis) {
    unit /= shape[axis];
    access& c = out.coordinates[axis];
    std::int64_t reach = 0;
    for (int d = 0; d < s.rank; ++d) {
      std::int64_t const stride = linear.strides[d];
      if (used[d] || stride == 0) continue;
      if (stride < 0) return false;
      if (stride % unit != 0) continue;
      used[d] = true;
      c.strides[d] = stride / unit;
      reach += c.strides[d] * (s.axes[d].extent - 1);
    }
    c.offset = offset / unit;
    offset %= unit;
    if (c.offset + reach >= shape[axis]) return false;
  }
  for (int d = 0; d < s.rank; ++d)
    if (linear.strides[d] != 0 && !used[d]) return false;
  // what is left below an axis must not carry over into it
  return offset == 0;
}

/// The view of a movement op's operand, given the view of the op itself. False where it is not
/// affine; then the op's value has to be stored.
constexpr bool operand_view(graph const& g, int id, view const& v, step const& s, view& out) {
  node const& n = g[id];
  extents const& from = g[g.operand(id, 0)].shape;
  out = {};
  if (n.code == op::reshape) {
    out.linear = v.linear;
    out.known = split(v.linear, from, s, out);
    return true;
  }
  if (!v.known && n.shape.rank > 0) return false;
  switch (n.code) {
    case op::transpose: {
      axis_list const& p = g.attributes_of(id).a;
      for (int i = 0; i < p.size(); ++i) out.coordinates[p[i]] = v.coordinates[i];
      break;
    }
    case op::broadcast: {
      axis_list const& axes = g.attributes_of(id).a;
      for (int i = 0; i < axes.size(); ++i) out.coordinates[i] = v.coordinates[axes[i]];
      break;
    }
    case op::slice: {
      attribute const& a = g.attributes_of(id);
      for (int i = 0; i < from.rank; ++i) {
        accumulate(out.coordinates[i], v.coordinates[i], a.step[i]);
        out.coordinates[i].offset += a.low[i];
      }
      break;
    }
    case op::reverse: {
      axis_list const& axes = g.attributes_of(id).a;
      for (int i = 0; i < from.rank; ++i) {
        bool const flipped = axes.contains(i);
        accumulate(out.coordinates[i], v.coordinates[i], flipped ? -1 : 1);
        if (flipped) out.coordinates[i].offset += from[i] - 1;
      }
      break;
    }
    default: return false;
  }
  out.linear = linearized(out, from);
  return true;
}

}  // namespace detail

/// Movement that is a matter of indices alone and so costs nothing.
constexpr bool is_view(op code) {
  return code == op::reshape || code == op::transpose || code == op::broadcast ||
         code == op::slice || code == op::reverse;
}

}  // namespace typegrad

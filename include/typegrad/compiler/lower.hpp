// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/users.hpp>
#include <typegrad/ops/registry.hpp>

namespace typegrad {

namespace detail {

/// The order of a reduction's axes, as the steps know them.
struct reduction_axes {
  bool leading = true;   ///< the reduced axes stand before all kept ones
  bool trailing = true;  ///< behind all kept ones
};

constexpr reduction_axes order_of(axis_list const& axes, int rank) {
  reduction_axes r;
  for (int i = 0; i < rank; ++i)
    for (int j = i + 1; j < rank; ++j) {
      if (!axes.contains(i) && axes.contains(j)) r.leading = false;
      if (axes.contains(i) && !axes.contains(j)) r.trailing = false;
    }
  return r;
}

/// The operand with its axes in the order batch, free, contracted (or contracted before free, where
/// it has that order already or `contracted_first` asks for it).
constexpr symbol ordered_operand(symbol x, axis_list const& batch, axis_list const& contracted,
                                 bool contracted_first) {
  axis_list free;
  for (int i = 0; i < x.rank(); ++i)
    if (!batch.contains(i) && !contracted.contains(i)) free.push_back(i);
  auto const order = [&](bool first) {
    axis_list p = batch;
    for (int pass = 0; pass < 2; ++pass) {
      axis_list const& part = (pass == 0) == first ? contracted : free;
      for (int i = 0; i < part.size(); ++i) p.push_back(part[i]);
    }
    return p;
  };
  auto const is_identity = [](axis_list const& p) {
    for (int i = 0; i < p.size(); ++i)
      if (p[i] != i) return false;
    return true;
  };
  if (is_identity(order(true))) return x;
  return build::transpose(x, order(contracted_first));
}

/// Brings the operands of a product into an order of axes in which they are matrices.
constexpr symbol lower_product(symbol a, symbol b, attribute const& at) {
  if (at.over_batch && at.c.size() > 0) {
    attribute each_sample = at;
    each_sample.over_batch = false;
    return batch_sum(lower_product(a, b, each_sample));
  }
  // A matrix times a vector is the vector times the transposed matrix: kernels have rows, along which
  // they compute whole vectors.
  auto const free_elements = [](symbol x, axis_list const& contracted, axis_list const& batch) {
    std::int64_t n = 1;
    for (int i = 0; i < x.rank(); ++i)
      if (!contracted.contains(i) && !batch.contains(i)) n *= x.shape()[i];
    return n;
  };
  if (!a.per_sample() && !b.per_sample() && free_elements(b, at.b, at.d) == 1 &&
      free_elements(a, at.a, at.c) > 1) {
    extents shape;
    for (int i = 0; i < at.c.size(); ++i) shape.push_back(a.shape()[at.c[i]]);
    for (int side = 0; side < 2; ++side) {
      symbol const x = side == 0 ? a : b;
      for (int i = 0; i < x.rank(); ++i)
        if (!(side == 0 ? at.a : at.b).contains(i) && !(side == 0 ? at.c : at.d).contains(i))
          shape.push_back(x.shape()[i]);
    }
    attribute turned = at;
    turned.a = at.b;
    turned.b = at.a;
    turned.c = at.d;
    turned.d = at.c;
    return build::reshape(lower_product(b, a, turned), shape);
  }
  // pairs of contracted axes in the order that the left operand has them
  axis_list left, right;
  for (int axis = 0; axis < a.rank(); ++axis)
    for (int i = 0; i < at.a.size(); ++i)
      if (at.a[i] == axis) {
        left.push_back(at.a[i]);
        right.push_back(at.b[i]);
      }
  int const batch = at.c.size();
  symbol const x = ordered_operand(a, at.c, left, at.over_batch);
  symbol const y = ordered_operand(b, at.d, right, at.over_batch);
  bool const first_a = x.id() == a.id();
  bool const first_b = y.id() == b.id();
  // where the contracted axes are now
  auto const position = [&](symbol before, axis_list const& axes, axis_list const& batch_axes,
                            bool untouched) {
    if (untouched) return axes;
    axis_list out;
    int const free = before.rank() - batch_axes.size() - axes.size();
    int const from = batch_axes.size() + (at.over_batch ? 0 : free);
    for (int i = 0; i < axes.size(); ++i) out.push_back(from + i);
    return out;
  };
  build::dot_axes axes;
  axes.contract_a = position(a, left, at.c, first_a);
  axes.contract_b = position(b, right, at.d, first_b);
  for (int i = 0; i < batch; ++i) {
    axes.batch_a.push_back(first_a ? at.c[i] : i);
    axes.batch_b.push_back(first_b ? at.d[i] : i);
  }
  axes.over_batch = at.over_batch;
  return build::dot_general(x, y, axes);
}

/// A convolution whose windows are single elements, or of which one covers the whole input, is a
/// matrix product; so are its gradients. Not valid for others.
constexpr symbol lower_convolution(op code, symbol a, symbol b, attribute const& at,
                                   extents const& shape) {
  bool single = at.over.groups == 1;
  bool whole = at.over.groups == 1;
  for (window_axis const& x : at.over.axes) {
    single = single && x.size == 1 && x.stride == 1 && x.low == 0 && x.in == x.out;
    whole = whole && x.out == 1 && x.low == 0 && x.size == x.in && (x.dilation == 1 || x.in == 1);
  }
  if (!single && !whole) return {};
  // x as (positions..., C), k as (C, F), y as (positions..., F), positions without axes of length 1;
  // one window that covers everything makes all of x the channels of one position
  extents positions;
  for (window_axis const& x : at.over.axes)
    if (single && x.in != 1) positions.push_back(x.in);
  auto const rows = [&](symbol v) {
    extents e = positions;
    e.push_back(v.shape().count() / positions.count());
    return build::reshape(v, e);
  };
  build::dot_axes axes;
  symbol result;
  if (code == op::convolution_kernel) {
    for (int i = 0; i < positions.rank; ++i) {
      axes.contract_a.push_back(i);
      axes.contract_b.push_back(i);
    }
    axes.over_batch = at.over_batch;
    result = lower_product(rows(a), rows(b), build::attribute_of(axes));
  } else {
    axes.contract_a = {positions.rank};
    axes.contract_b = {code == op::convolution ? 0 : 1};
    extents const& kernel = b.info().shape;
    std::int64_t const filters = kernel.back();
    symbol const k = build::reshape(b, {kernel.count() / filters, filters});
    result = lower_product(rows(a), k, build::attribute_of(axes));
  }
  return build::reshape(result, shape);
}

/// Convolutions whose maximum is taken at once: of few filters, where kernels can keep the sums of
/// many positions in registers (with more filters it was measured to gain nothing); and no larger
/// than a second-level cache, for kernels that cannot.
inline constexpr std::int64_t max_pooled_filters = 8;
inline constexpr std::int64_t max_pooled_elements = 1 << 16;

/// The greatest elements of windows of a convolution that do not overlap, as one op: positions that
/// fall to no window are not even computed. Not valid where it would not pay.
constexpr symbol lower_convolution_max(symbol y, window const& blocks) {
  extents const& shape = y.info().shape;
  if (y.info().code != op::convolution || shape.back() > max_pooled_filters ||
      shape.count() > max_pooled_elements)
    return {};
  graph& g = y.owner();
  window over = g.attributes_of(y.id()).over;
  position_block block;
  for (int i = 0; i < max_spatial; ++i) {
    window_axis const& a = blocks.axes[i];
    if (a.low != 0 || a.size * a.out > a.in || a.dilation != 1 || (a.stride != a.size && a.out > 1))
      return {};
    over.axes[i].out = a.out * a.size;
    block.at[i] = a.size;
  }
  return build::convolution_max({g, g.operand(y.id(), 0)}, {g, g.operand(y.id(), 1)}, over, block);
}

}  // namespace detail

/// Rewrites reductions into the forms that steps compute: along the last axis, along leading axes,
/// or over everything. Other axes are moved to the end, and a reduction over the batch and over
/// axes that do not lead becomes two. Convolutions become products where they are such, and take
/// the maximum of windows along.
constexpr graph lower(graph const& g) {
  graph out;
  out.begin_as(g);
  if (g.failed()) return out;
  list<int> const users = detail::users_of(g);
  list<int> renamed(g.size(), -1);
  for (int id = 0; id < g.size(); ++id) {
    node n = g[id];
    out.layer = n.layer;
    if (is_control(n.code) || n.code == op::concatenate) {  // of any number of operands
      list<int> operands;
      for (int i = 0; i < n.operand_count; ++i) operands.push_back(renamed[g.operand(id, i)]);
      renamed[id] = detail::copy_node(g, id, out, operands.begin());
      int const first = out[renamed[id]].region;
      for (int i = 0; is_control(n.code) && i < region_count(n.code); ++i)
        out.regions[first + i] = lower(g.regions[n.region + i]);
      continue;
    }
    symbol operands[4] = {};
    for (int i = 0; i < n.operand_count; ++i) operands[i] = {out, renamed[g.operand(id, i)]};
    if (n.code == op::dot_general) {
      renamed[id] = detail::lower_product(operands[0], operands[1], g.attributes_of(id)).id();
      continue;
    }
    if (is_between(n.code, op::convolution, op::convolution_kernel)) {
      symbol const product = detail::lower_convolution(n.code, operands[0], operands[1],
                                                       g.attributes_of(id), n.shape);
      if (product.valid()) {
        renamed[id] = product.id();
        continue;
      }
    }
    if (n.code == op::window_max && users[g.operand(id, 0)] == 1) {
      symbol const both = detail::lower_convolution_max(operands[0], g.attributes_of(id).over);
      if (both.valid()) {
        renamed[id] = both.id();
        continue;
      }
    }
    if (!is_reduction(n.code)) {
      attribute const* const a = n.attribute < 0 ? nullptr : &g.attributes_of(id);
      n.attribute = -1;
      renamed[id] = build::append(out, n, operands, n.operand_count, a).id();
      continue;
    }
    attribute const& a = g.attributes_of(id);
    symbol x = operands[0];
    axis_list axes = a.a;
    bool const whole_batch = a.over_batch;
    auto const order = detail::order_of(axes, x.rank());
    if (whole_batch && axes.size() > 0 && !order.leading) {
      // the axes first, the batch afterwards
    } else if (whole_batch || axes.size() == x.rank() || (order.leading && n.code != op::argmax &&
                                                          n.code != op::argmin)) {
      if (whole_batch || !x.per_sample() || axes.size() < x.rank()) {
        renamed[id] = build::reduce(n.code, x, axes, whole_batch).id();
        continue;
      }
    }
    // to the end, then merged into one
    axis_list permutation = detail::other_axes(axes, x.rank());
    extents kept;
    for (int i = 0; i < permutation.size(); ++i) kept.push_back(x.shape()[permutation[i]]);
    std::int64_t reduced = 1;
    for (int i = 0; i < x.rank(); ++i)
      if (axes.contains(i)) {
        permutation.push_back(i);
        reduced *= x.shape()[i];
      }
    x = build::transpose(x, permutation);
    extents merged = kept;
    merged.push_back(reduced);
    x = build::reduce(n.code, build::reshape(x, merged), {merged.rank - 1});
    if (whole_batch) x = build::reduce(n.code, x, {}, true);
    renamed[id] = x.id();
  }
  for (int const id : g.outputs) out.outputs.push_back(renamed[id]);
  return out;
}

}  // namespace typegrad

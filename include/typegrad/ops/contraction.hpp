// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/movement.hpp>

namespace typegrad {

/// NumPy's matrix product: the last axis of a with the last but one of b; leading axes of both are
/// batch axes and broadcast. A vector counts as a row on the left, as a column on the right.
/// With a weight on the right, x of extents [..., K] and kernel [K, N] give [..., N].
constexpr symbol matmul(symbol a, symbol b) {
  if (build::poisoned(a)) return build::poisoned_like(a);
  if (build::poisoned(b)) return build::poisoned_like(b);
  int const ra = a.rank();
  int const rb = b.rank();
  if (ra == 0 || rb == 0)
    return poison(a.owner(), sentence("matmul: needs vectors or matrices, got extents ",
                                      to_text(a.shape()), " and ", to_text(b.shape())));
  build::dot_axes axes;
  axes.contract_a.push_back(ra - 1);
  axes.contract_b.push_back(rb == 1 ? 0 : rb - 2);
  if (rb <= 2) return build::dot_general(a, b, axes);
  if (ra == 1) {
    symbol const y = matmul(build::reshape(a, {1, a.shape()[0]}), b);
    extents row = y.shape();
    if (y.valid()) {
      row[rb - 2] = row[rb - 1];
      row.pop_back();
    }
    return build::reshape(y, row);
  }
  extents left = a.shape(), right = b.shape(), lead;
  left.pop_back();
  left.pop_back();
  right.pop_back();
  right.pop_back();
  if (!build::broadcast_shape(left, right, lead))
    return poison(a.owner(), sentence("matmul: the leading axes of extents ", to_text(a.shape()),
                                      " and ", to_text(b.shape()), " do not broadcast"));
  for (int i = 0; i < lead.rank; ++i) {
    axes.batch_a.push_back(i);
    axes.batch_b.push_back(i);
  }
  left = right = lead;
  for (int i = 2; i > 0; --i) {
    left.push_back(a.shape()[ra - i]);
    right.push_back(b.shape()[rb - i]);
  }
  axes.contract_a = {left.rank - 1};
  axes.contract_b = {right.rank - 2};
  return build::dot_general(build::broadcast_to(a, left), build::broadcast_to(b, right), axes);
}

/// Attributes: a, b the contracted axes; c, d the batch axes; over_batch.
template <>
struct rule<op::dot_general> {
  static constexpr std::string_view name = "matmul";

  static constexpr void gradient(gradient_context& c) {
    attribute const at = c.attributes();
    bool const samples_a = c.operand(0).per_sample();
    bool const samples_b = c.operand(1).per_sample();
    bool const samples_y = c.dy.per_sample();
    int const batch = at.c.size();
    axis_list const free_a = free_axes(c.operand(0).rank(), at.a, at.c);
    axis_list const free_b = free_axes(c.operand(1).rank(), at.b, at.d);
    if (c.wants(0))
      c.add(0, side(c.dy, c.operand(1), batch, batch + free_a.size(), free_b, at.b, at.d,
                    at.a, at.c, free_a, !samples_a && samples_y && samples_b));
    if (c.wants(1))
      c.add(1, side(c.dy, c.operand(0), batch, batch, free_a, at.a, at.c, at.b, at.d, free_b,
                    !samples_b && samples_y && samples_a));
  }

 private:
  static constexpr axis_list free_axes(int rank, axis_list const& contracted,
                                       axis_list const& batch) {
    axis_list out;
    for (int i = 0; i < rank; ++i)
      if (!contracted.contains(i) && !batch.contains(i)) out.push_back(i);
    return out;
  }

  /// The cotangent of one operand ("mine"), from dy and the other one ("its").
  /// `first` is where the other's free axes begin in dy.
  static constexpr symbol side(symbol dy, symbol other, int batch, int first,
                               axis_list const& its_free, axis_list const& its_contracted,
                               axis_list const& its_batch, axis_list const& my_contracted,
                               axis_list const& my_batch, axis_list const& my_free,
                               bool over_batch) {
    build::dot_axes axes;
    axes.over_batch = over_batch;
    for (int i = 0; i < batch; ++i) {
      axes.batch_a.push_back(i);
      axes.batch_b.push_back(its_batch[i]);
    }
    for (int i = 0; i < its_free.size(); ++i) {
      axes.contract_a.push_back(first + i);
      axes.contract_b.push_back(its_free[i]);
    }
    symbol const product = build::dot_general(dy, other, axes);
    // product's axes: batch, my free axes, then the contracted ones in the order of the other
    axis_list source;  // my axis that each of them is
    for (int i = 0; i < batch; ++i) source.push_back(my_batch[i]);
    for (int i = 0; i < my_free.size(); ++i) source.push_back(my_free[i]);
    for (int axis = 0; axis < other.rank(); ++axis)
      for (int i = 0; i < its_contracted.size(); ++i)
        if (its_contracted[i] == axis) source.push_back(my_contracted[i]);
    axis_list permutation;
    for (int mine = 0; mine < source.size(); ++mine)
      for (int i = 0; i < source.size(); ++i)
        if (source[i] == mine) permutation.push_back(i);
    return build::transpose(product, permutation);
  }
};

}  // namespace typegrad

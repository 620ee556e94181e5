// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/whole.hpp>
#include <typegrad/ops/axis.hpp>
#include <typegrad/ops/reduction.hpp>

// Elements at positions that are only known at run time, and their transpose. Indices below 0 count
// from the end, as NumPy's do; those beyond the ends mean the last element there (JAX's and XLA's
// rule for gather).

namespace typegrad {

namespace build {

namespace detail {

/// Indices as int32. False, and a sentence, if they are no integers.
constexpr bool as_indices(std::string_view name, symbol& indices) {
  if (is_floating(indices.type())) {
    indices.owner().fail(
        sentence(name, ": indices must be integers, got ", to_text(indices.type()), "; cast them"));
    return false;
  }
  indices = build::cast(indices, dtype::int32);
  return true;
}

}  // namespace detail

/// The elements of x at `indices` along `axis`, which the axes of the indices take the place of.
constexpr symbol gather(symbol x, symbol indices, int axis) {
  if (poisoned(x)) return poisoned_like(x);
  if (poisoned(indices)) return poisoned_like(indices);
  graph& g = x.owner();
  if (!typegrad::detail::find_axis("gather", x, axis) || !detail::as_indices("gather", indices))
    return {g, -1};
  if (x.rank() - 1 + indices.rank() > max_rank)
    return poison(g, sentence("gather: extents ", to_text(x.shape()), " at indices of ",
                              to_text(indices.shape()), " have more than ", max_rank, " axes"));
  node n;
  n.code = op::gather;
  n.type = x.type();
  n.per_sample = x.per_sample() || indices.per_sample();
  n.index = axis;
  for (int i = 0; i < axis; ++i) n.shape.push_back(x.shape()[i]);
  for (std::int64_t const e : indices.shape()) n.shape.push_back(e);
  for (int i = axis + 1; i < x.rank(); ++i) n.shape.push_back(x.shape()[i]);
  symbol const both[] = {x, indices};
  return append(g, n, both, 2);
}

/// For every element of `indices` the element of x at that position along `axis`; otherwise at the
/// same place. All other axes broadcast.
constexpr symbol gather_along(symbol x, symbol indices, int axis) {
  if (poisoned(x)) return poisoned_like(x);
  if (poisoned(indices)) return poisoned_like(indices);
  constexpr std::string_view name = "take_along_axis";
  graph& g = x.owner();
  if (!typegrad::detail::find_axis(name, x, axis) || !detail::as_indices(name, indices))
    return {g, -1};
  extents from = x.shape(), to = indices.shape();
  extents others;
  bool fits = from.rank == to.rank;
  if (fits) {
    from[axis] = to[axis] = 1;
    fits = broadcast_shape(from, to, others);
  }
  if (!fits)
    return poison(g, sentence(name, ": extents ", to_text(x.shape()), " and indices of ",
                              to_text(indices.shape()), " differ in more than axis ", axis));
  from = to = others;
  from[axis] = x.shape()[axis];
  to[axis] = indices.shape()[axis];
  node n;
  n.code = op::gather;
  n.type = x.type();
  n.per_sample = x.per_sample() || indices.per_sample();
  n.index = axis;
  n.shape = to;
  symbol const both[] = {build::broadcast_to(x, from), build::broadcast_to(indices, to)};
  return append(g, n, both, 2);
}

/// Zeros of extents `shape`, with the updates added at the indices along `axis`: the transpose of
/// `gather`, or of `gather_along` where indices have as many axes as `shape`. `over_batch`: one
/// result that all samples add to.
constexpr symbol scatter_add(extents const& shape, symbol indices, symbol updates, int axis,
                             bool over_batch = false) {
  if (poisoned(indices)) return poisoned_like(indices);
  if (poisoned(updates)) return poisoned_like(updates);
  constexpr std::string_view name = "scatter_add";
  graph& g = updates.owner();
  if (axis < 0) axis += shape.rank;
  if (axis < 0 || axis >= shape.rank)
    return poison(g, sentence(name, ": extents ", to_text(shape), " have no axis ", axis));
  if (!detail::as_indices(name, indices)) return {g, -1};
  extents wanted;  // of the updates
  bool const each = updates.rank() == shape.rank && indices.rank() == shape.rank;
  if (each) {
    wanted = shape;
    wanted[axis] = indices.shape()[axis];
  } else {
    for (int i = 0; i < axis; ++i) wanted.push_back(shape[i]);
    for (std::int64_t const e : indices.shape()) wanted.push_back(e);
    for (int i = axis + 1; i < shape.rank; ++i) wanted.push_back(shape[i]);
  }
  if (!(updates.shape() == wanted) || (each && !(indices.shape() == wanted)))
    return poison(g, sentence(name, ": into extents ", to_text(shape), " at indices of ",
                              to_text(indices.shape()), " along axis ", axis, " needs updates of ",
                              to_text(wanted), ", got ", to_text(updates.shape())));
  if (is_half(updates.type()))  // sums are in float32
    return build::cast(
        build::scatter_add(shape, indices, build::cast(updates, dtype::float32), axis, over_batch),
        updates.type());
  if (!is_floating(updates.type())) updates = build::cast(updates, dtype::int32);
  bool const samples = indices.per_sample() || updates.per_sample();
  node n;
  n.code = op::scatter_add;
  n.type = updates.type();
  n.per_sample = samples && !over_batch;
  n.index = axis;
  n.shape = shape;
  attribute a;
  a.over_batch = over_batch && samples;
  symbol const both[] = {indices, updates};
  return append(g, n, both, 2, &a);
}

}  // namespace build

/// The elements of x at integer `indices` along `axis`: extents
/// x[:axis] + indices + x[axis + 1:]. NumPy's and Keras's `take`, TensorFlow's `gather`; a table
/// that all samples share may be read at indices that each sample has of its own.
constexpr symbol gather(symbol x, symbol indices, int axis = 0) {
  return build::gather(x, indices, axis);
}
constexpr symbol take(symbol x, symbol indices, int axis = 0) {
  return build::gather(x, indices, axis);
}
/// The element of x at position indices[...] along `axis`, otherwise at the same place. NumPy's.
constexpr symbol take_along_axis(symbol x, symbol indices, int axis = -1) {
  return build::gather_along(x, indices, axis);
}
/// Zeros of extents `shape`, and `updates` added at the `indices` along `axis`: what stands at
/// several equal indices is added up. Updates have the extents of `gather`'s result. With
/// `over_batch` all samples add to one result.
constexpr symbol scatter_add(extents const& shape, symbol indices, symbol updates, int axis = 0,
                             bool over_batch = false) {
  return build::scatter_add(shape, indices, updates, axis, over_batch);
}

/// (x, indices). `index`: the axis. Indices of as many axes as x and the result are one for each
/// element; otherwise their axes stand where x's axis did.
template <>
struct rule<op::gather> {
  static constexpr std::string_view name = "gather";
  static constexpr void gradient(gradient_context& c) {
    if (!c.wants(0)) return;
    symbol const x = c.operand(0);
    bool const over_batch = !x.per_sample() && c.dy.per_sample();
    c.add(0, build::scatter_add(x.shape(), c.operand(1), c.dy, c.y.info().index, over_batch));
  }
};

/// (indices, updates). `index`: the axis. Attribute: over_batch.
template <>
struct rule<op::scatter_add> {
  static constexpr std::string_view name = "scatter_add";
  static constexpr void gradient(gradient_context& c) {
    if (!c.wants(1)) return;
    symbol const indices = c.operand(0);
    int const axis = c.y.info().index;
    bool const each = indices.rank() == c.y.rank() && c.operand(1).rank() == c.y.rank();
    c.add(1, each ? build::gather_along(c.dy, indices, axis) : build::gather(c.dy, indices, axis));
  }
};

}  // namespace typegrad

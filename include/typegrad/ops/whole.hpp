// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/graph.hpp>
#include <typegrad/graph/whole.hpp>
#include <typegrad/ops/axis.hpp>

namespace typegrad {

/// How node `id`, of an op that takes whole operands, sees them.
constexpr whole_op whole_of(graph const& g, int id) {
  node const& n = g[id];
  int const axis = n.index;
  int const first = g.operand(id, 0);
  int const last = g.operand(id, n.operand_count - 1);
  bool const scatters = n.code == op::scatter_add;
  extents const& along = scatters ? n.shape : g[first].shape;
  whole_op w;
  w.code = n.code;
  w.type = scatters ? n.type : g[first].type;
  w.outer = detail::elements_between(along, 0, axis);
  w.inner = detail::elements_between(along, axis + 1, along.rank);
  w.length = along[axis];
  if (n.code == op::gather || scatters) {
    extents const& indices = g[scatters ? first : last].shape;
    extents const& moved = scatters ? g[last].shape : n.shape;
    w.each = indices.rank == along.rank && moved.rank == along.rank;
    w.count = w.each ? indices[axis] : indices.count();
  } else {
    w.count = n.shape[axis];
  }
  w.per_sample = n.per_sample;
  if (n.attribute >= 0) {
    attribute const& a = g.attributes_of(id);
    w.backwards = a.backwards;
    w.exclusive = a.exclusive;
    w.over_batch = a.over_batch;
  }
  for (int i = 0; i < n.operand_count; ++i) w.sampled[i] = g[g.operand(id, i)].per_sample;
  return w;
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/fuse/finish.hpp>
#include <typegrad/compiler/fuse/grouping.hpp>

namespace typegrad::detail {

/// Parts of a sequence of a multiple of so many elements begin where a kernel may move several at
/// once.
inline constexpr std::int64_t part_alignment = 8;

/// Steps of ops that have kernels of their own, or regions: how these read their operands in
/// memory. What they cannot read as it lies there is marked to be stored, and fusion starts again.
class kernel_builder : public grouping {
 public:
  using grouping::grouping;

 protected:
  constexpr void require_store(int id) {
    if (must_store_[id]) return;
    must_store_[id] = true;
    again_ = grew_ = true;
  }

  constexpr int fail(int id) {
    require_store(id);
    stuck_ = id;
    again_ = true;
    return -1;
  }

  /// Per node, of how many parts of a sequence it is one, in a region that has such.
  constexpr void find_parts() {
    parts_.clear();
    bool any = !g_.output_parts.empty();
    for (input_info const& x : g_.inputs) any = any || x.part_of > 1;
    if (!any) return;
    parts_.resize(g_.size(), 1);
    for (int id = 0; id < g_.size(); ++id)
      if (g_[id].code == op::input && g_.inputs[g_[id].index].part_of > 1)
        parts_[id] = g_.inputs[g_[id].index].part_of;
    for (int i = 0; i < g_.output_parts.size(); ++i)
      if (g_.output_parts[i] > 1) parts_[g_.outputs[i]] = g_.output_parts[i];
  }
  /// From one sample of a buffer to the next.
  constexpr std::int64_t sample_stride(int id) const {
    return g_[id].shape.count() * (parts_.empty() ? 1 : parts_[id]);
  }
  /// Whether a buffer may begin anywhere, since it is a part of a sequence.
  constexpr bool is_unaligned(int id) const {
    return !parts_.empty() && parts_[id] > 1 && g_[id].shape.count() % part_alignment != 0;
  }

  /// Where an operand of a contraction lies: strides per axis of its own.
  struct operand_place {
    int buffer = -1;
    access where;
  };
  constexpr bool place_of(int id, operand_place& out) {
    step whole;  // a domain of the operand's own axes, without the batch
    extents const& shape = g_[id].shape;
    for (std::int64_t const n : shape) whole.axes[whole.rank++] = {n, false};
    view v = identity_view(shape, 0);
    while (true) {
      bool const readable = g_[id].code == op::input || g_[id].code == op::weight || stored_[id];
      if (readable) break;
      view inner;
      if (!is_view(g_[id].code) || !operand_view(g_, id, v, whole, inner)) {
        fail(id);
        return false;
      }
      id = g_.operand(id, 0);
      v = inner;
    }
    out.buffer = id;
    out.where = v.linear;
    return true;
  }

  /// The node whose buffer has an operand's elements one after the other, be it one for all samples
  /// alike; -1 if there is none yet.
  constexpr int dense_operand(int o) {
    operand_place where;
    if (!place_of(o, where)) return -1;
    extents const& shape = g_[o].shape;
    bool dense = g_[where.buffer].shape.count() == shape.count() && where.where.offset == 0;
    access const wanted = identity_view(shape, 0).linear;
    for (int axis = 0; axis < shape.rank; ++axis)
      dense = dense && (shape[axis] == 1 ||
                        where.where.strides[axis] == wanted.strides[axis]);
    if (dense) return where.buffer;
    repack(o);
    return -1;
  }

  /// The operands and results of a control op in their order; each is a slot of its own.
  constexpr bool build_control(step& s, int id) {
    node const& n = g_[id];
    control_form const form = control_form_of(g_, id);
    s.rank = 0;
    control_op c;
    c.code = n.code;
    c.operands = n.operand_count;
    c.carries = form.carries;
    c.sequences = form.sequences;
    c.length = form.length;
    c.backwards = form.backwards;
    c.region = n.region;
    for (int i = 0; i < n.operand_count; ++i) {
      int const o = g_.operand(id, i);
      int const held = dense_operand(o);
      if (held < 0) return false;
      if (g_[held].per_sample != g_[o].per_sample || g_[held].type != g_[o].type) {
        repack(o);
        return false;
      }
      s.buffers.push_back(held);
    }
    c.results = g_.regions[n.region].outputs.size();
    int const all = c.results + c.partners() + 2;
    list<int> nodes(all, -1);
    for (int r = id + 1; r < g_.size(); ++r)
      if (g_[r].code == op::result && g_.operand(r, 0) == id) nodes[g_[r].index] = r;
    for (int k = 0; k < all; ++k) {
      if (nodes[k] < 0) continue;  // an arena of no bytes
      if (k == all - 2) c.shared_arena = s.buffers.size();
      if (k == all - 1) c.sample_arena = s.buffers.size();
      instruction written;
      written.code = op::result;
      written.type = g_[nodes[k]].type;
      s.body.push_back(written);
      s.stores.push_back({s.body.size() - 1, s.buffers.size(), written.type, {}});
      s.buffers.push_back(nodes[k]);
    }
    s.control = c;
    return true;
  }

  constexpr bool build_whole(step& s, int id) {
    s.whole = whole_of(g_, id);
    for (int i = 0; i < g_[id].operand_count; ++i) {
      int const held = dense_operand(g_.operand(id, i));
      if (held < 0) return false;
      s.whole.sampled[i] = g_[held].per_sample;
      s.whole.slots[i] = slot_of(s, held);
    }
    if (g_[id].operand_count == 1) s.whole.slots[1] = s.whole.slots[0];
    return true;
  }

  /// An op that slides a window reads whole operands as they lie in memory.
  constexpr bool build_sliding(step& s, int id) {
    node const& n = g_[id];
    attribute const& at = g_.attributes_of(id);
    int const first = g_.operand(id, 0);
    int const last = g_.operand(id, n.operand_count - 1);
    contraction p;
    p.code = n.code;
    p.over = at.over;
    p.block = at.block;
    std::int64_t const columns = n.shape.back();
    std::int64_t const first_channels = g_[first].shape.back();
    p.channels = n.code == op::convolution_input ? columns : first_channels;
    p.filters = n.code == op::convolution_input    ? first_channels
                : n.code == op::convolution_kernel ? g_[last].shape.back()
                                                   : columns;
    p.rows = {n.shape.count() / columns, n.per_sample};
    p.columns = {columns, false};
    bool const forward = n.code == op::convolution || n.code == op::convolution_max;
    std::int64_t const each = forward                           ? p.channels / at.over.groups
                              : n.code == op::convolution_input ? p.filters / at.over.groups
                                                                : 1;
    p.inner = {n.code == op::convolution_kernel ? at.over.positions_out()
                                                : at.over.taps() * each * at.block.count(),
               at.over_batch};
    int slots[2] = {};
    for (int i = 0; i < n.operand_count; ++i) {
      int const o = g_.operand(id, i);
      int const held = dense_operand(o);
      if (held < 0) return false;
      if (g_[held].per_sample != g_[o].per_sample || g_[held].type != n.type) {
        repack(o);
        return false;
      }
      slots[i] = slot_of(s, held);
    }
    p.slot_a = slots[0];
    p.slot_b = slots[n.operand_count - 1];
    s.product = p;
    return true;
  }

  /// Merges axes of an operand into one: their common length and stride. False if they do not
  /// follow on each other in memory.
  static constexpr bool merge(extents const& shape, axis_list const& axes, access const& where,
                              std::int64_t& count, std::int64_t& stride) {
    count = 1;
    stride = 0;
    for (int i = axes.size() - 1; i >= 0; --i) {
      std::int64_t const n = shape[axes[i]];
      if (n == 1) continue;
      std::int64_t const here = where.strides[axes[i]];
      if (count == 1) {
        stride = here;
      } else if (here != stride * count) {
        return false;
      }
      count *= n;
    }
    return true;
  }

  constexpr bool build_product(step& s, int id) {
    attribute const& at = g_.attributes_of(id);
    int const left = g_.operand(id, 0);
    int const right = g_.operand(id, 1);
    operand_place pa, pb;
    if (!place_of(left, pa) || !place_of(right, pb)) return false;
    extents const& la = g_[left].shape;
    extents const& lb = g_[right].shape;
    bool const sampled_a = g_[pa.buffer].per_sample;
    bool const sampled_b = g_[pb.buffer].per_sample;
    std::int64_t const samples_a = sampled_a ? sample_stride(pa.buffer) : 0;
    std::int64_t const samples_b = sampled_b ? sample_stride(pb.buffer) : 0;
    axis_list rows_axes, column_axes;
    for (int i = 0; i < la.rank; ++i)
      if (!at.a.contains(i) && !at.c.contains(i)) rows_axes.push_back(i);
    for (int i = 0; i < lb.rank; ++i)
      if (!at.b.contains(i) && !at.d.contains(i)) column_axes.push_back(i);

    contraction p;
    std::int64_t inner_a = 0, inner_b = 0, a_inner = 0, b_inner = 0;
    bool ok_a = merge(la, rows_axes, pa.where, p.rows.extent, p.a_row) &&
                merge(la, at.a, pa.where, inner_a, a_inner);
    bool ok_b = merge(lb, column_axes, pb.where, p.columns.extent, p.b_column) &&
                merge(lb, at.b, pb.where, inner_b, b_inner);
    p.inner.extent = inner_a;
    p.a_inner = a_inner;
    p.b_inner = b_inner;
    p.a.offset = pa.where.offset;
    p.b.offset = pb.where.offset;
    int const first_loop = g_[id].per_sample ? 1 : 0;  // the batch is domain axis 0
    for (int i = 0; i < at.c.size(); ++i) {
      p.a.strides[first_loop + i] = pa.where.strides[at.c[i]];
      p.b.strides[first_loop + i] = pb.where.strides[at.d[i]];
    }
    bool const batch_loops = at.c.size() > 0;
    p.loops = batch_loops ? first_loop + at.c.size() : 0;
    if (at.over_batch) {
      // the samples join the contracted axes, outermost: both must follow on
      ok_a = ok_a && joins(inner_a, p.a_inner, samples_a);
      ok_b = ok_b && joins(inner_b, p.b_inner, samples_b);
      if (inner_a == 1) {
        p.a_inner = samples_a;
        p.b_inner = samples_b;
      }
      p.inner.batch = true;
      if (!ok_a || !ok_b) {
        // a copy with the contracted axes first is what the product needs
        if (!ok_a) repack(left);
        if (!ok_b) repack(right);
        return false;
      }
    } else if (g_[id].per_sample) {
      bool const rows_follow =
          p.rows.extent == 1 || samples_a == p.rows.extent * p.a_row;
      if (sampled_a && !sampled_b && rows_follow && !batch_loops) {
        if (p.rows.extent == 1) p.a_row = samples_a;
        p.rows.batch = true;
      } else {
        p.loops = first_loop + at.c.size();
        p.a.strides[0] = samples_a;
        p.b.strides[0] = samples_b;
      }
    }
    if (!ok_a || !usable(p.a_row, p.rows, p.a_inner, p.inner)) {
      repack(left);
      return false;
    }
    if (!ok_b || !usable(p.b_column, p.columns, p.b_inner, p.inner)) {
      repack(right);
      return false;
    }
    p.slot_a = slot_of(s, pa.buffer);
    p.slot_b = slot_of(s, pb.buffer);
    s.product = p;
    return true;
  }
  static constexpr bool joins(std::int64_t count, std::int64_t stride, std::int64_t samples) {
    return count == 1 || samples == count * stride;
  }
  /// One of both directions must be contiguous.
  static constexpr bool usable(std::int64_t outer_stride, domain_axis const& outer,
                               std::int64_t inner_stride, domain_axis const& inner) {
    bool const outer_single = outer.extent == 1 && !outer.batch;
    bool const inner_single = inner.extent == 1 && !inner.batch;
    return outer_stride == 1 || inner_stride == 1 || outer_single || inner_single;
  }
  /// Has an operand copied into the order in which it is read: `lower` made it a view that has it.
  constexpr void repack(int id) { fail(id); }

  list<std::int64_t> parts_;  ///< per node; empty where there are none
  bool again_ = false;
  bool grew_ = false;  ///< something more is stored: the next attempt differs
  int stuck_ = -1;     ///< what could not be read last
};

}  // namespace typegrad::detail

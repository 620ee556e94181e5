// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/fuse/kernels.hpp>

namespace typegrad::detail {

/// The second half of fusion: every step's body is built backwards from what it stores. A value
/// that is not readable in the way a step needs it is marked to be stored, and fusion starts again.
class body_builder : public kernel_builder {
 public:
  using kernel_builder::kernel_builder;

 protected:
  struct emitted {
    int id = 0;
    access linear;
    int at = 0;
  };

  /// What each step stores, as chains through the nodes in ascending order.
  constexpr void chain_stored() {
    first_stored_.clear();
    first_stored_.resize(steps_.size(), -1);
    next_stored_.resize(g_.size(), -1);
    for (int id = g_.size() - 1; id >= 0; --id) {
      if (step_of_[id] < 0 || !stored_[id]) continue;
      next_stored_[id] = first_stored_[step_of_[id]];
      first_stored_[step_of_[id]] = id;
    }
  }

  constexpr void build_bodies() {
    chain_stored();
    find_parts();
    for (int s = 0; s < steps_.size(); ++s) {
      step& target = steps_[s];
      target.body.clear();
      target.stores.clear();
      target.buffers.clear();
      target.streams.clear();
      memo_.clear();
      current_ = s;
      first_ = 0;
      group const& d = groups_[s];
      int const shape_of = d.shape_of;
      if (is_piece(s)) {
        build_piece(s);
      } else if (target.kind == step_kind::column) {
        build_column(s);
      } else {
        set_domain(target, g_[shape_of].shape, d.per_sample);
        if (target.kind == step_kind::contraction) {
          if (first_stored_[s] < 0) continue;
          bool const built = slides(g_[shape_of].code) ? build_sliding(target, shape_of)
                                                       : build_product(target, shape_of);
          if (!built) continue;
        } else if (target.kind == step_kind::whole) {
          if (first_stored_[s] < 0 || !build_whole(target, shape_of)) continue;
        } else if (target.kind == step_kind::control) {
          build_control(target, shape_of);
          continue;
        }
        for (int id = first_stored_[s]; id >= 0; id = next_stored_[id]) emit_store(target, id);
      }
    }
  }

  constexpr void set_domain(step& s, extents const& shape, bool per_sample) {
    s.rank = 0;
    if (per_sample) s.axes[s.rank++] = {1, true};
    first_ = s.rank;
    for (std::int64_t const n : shape) s.axes[s.rank++] = {n, false};
    s.random = groups_[current_].random;
  }

  constexpr access buffer_access(step const& s, int id, access linear) const {
    if (g_[id].per_sample)
      for (int i = 0; i < s.rank; ++i)
        if (s.axes[i].batch) linear.strides[i] += sample_stride(id);
    return linear;
  }

  constexpr void emit_store(step& s, int id) {
    view const v = identity_view(g_[id].shape, first_);
    int const value = emit(s, id, v);
    if (value >= 0) push_store(s, id, value, v.linear);
  }
  constexpr void push_store(step& s, int id, int value, access const& linear) {
    s.stores.push_back({value, slot_of(s, id), g_[id].type, buffer_access(s, id, linear),
                        is_unaligned(id)});
  }

  constexpr int push(step& s, instruction const& i, int id, access const& linear) {
    s.body.push_back(i);
    memo_.push_back({id, linear, s.body.size() - 1});
    return s.body.size() - 1;
  }

  /// Appends what computes node id under a view to the body; -1 if something has to be stored
  /// first.
  constexpr int emit(step& s, int id, view const& v) {
    node const& n = g_[id];
    instruction out;
    out.code = n.code;
    out.type = n.type;
    if (n.code == op::constant) {
      out.value = n.value;
      access const none{};
      for (emitted const& e : memo_)
        if (e.id == id) return e.at;
      return push(s, out, id, none);
    }
    for (emitted const& e : memo_)
      if (e.id == id && e.linear == v.linear) return e.at;
    if (n.code == op::scalar) {
      out.slot = n.index;
      return push(s, out, id, v.linear);
    }
    bool const local = step_of_[id] == current_;
    if (n.code == op::input || n.code == op::weight || (stored_[id] && !local)) {
      out.code = op::input;
      out.slot = slot_of(s, id);
      out.where = buffer_access(s, id, v.linear);
      out.unaligned = is_unaligned(id);
      return push(s, out, id, v.linear);
    }
    if (n.code == op::iota) {
      if (!v.known) return fail(id);
      out.where = v.coordinates[n.index];
      return push(s, out, id, v.linear);
    }
    if (is_view(n.code) && !local) {
      view inner;
      if (!operand_view(g_, id, v, s, inner)) return fail(id);
      return emit(s, g_.operand(id, 0), inner);
    }
    if (is_view(n.code)) {  // a step that copies
      view inner;
      if (!operand_view(g_, id, v, s, inner)) return fail(g_.operand(id, 0));
      return emit(s, g_.operand(id, 0), inner);
    }
    if (is_elementwise(n.code)) {
      int operands[3] = {-1, -1, -1};
      // numbers come last, so that equal layers have equal bodies whatever the nodes' order
      bool const swapped = is_commutative(n.code) && cost_[g_.operand(n, 0)] == 0 &&
                           cost_[g_.operand(n, 1)] != 0;
      for (int i = 0; i < n.operand_count; ++i) {
        operands[i] = emit(s, g_.operand(n, swapped ? 1 - i : i), v);
        if (operands[i] < 0) return -1;
      }
      out.a = operands[0];
      out.b = operands[1];
      out.c = operands[2];
      return push(s, out, id, v.linear);
    }
    bool const own_place = local && v.linear == identity_view(n.shape, first_).linear;
    if (has_kernel(n.code) && own_place) return push(s, out, id, v.linear);
    if (n.code == op::random_uniform && own_place) {
      out.slot = s.streams.size();
      s.streams.push_back(n.index);
      return push(s, out, id, v.linear);
    }
    if (is_reduction(n.code) && local && s.kind == step_kind::row) {
      int const operand = g_.operand(id, 0);
      out.a = emit(s, operand, identity_view(g_[operand].shape, first_));
      if (out.a < 0) return -1;
      return push(s, out, id, v.linear);
    }
    return fail(id);
  }
  constexpr void build_column(int s) {
    step& target = steps_[s];
    int const first = groups_[s].shape_of;
    int const source = g_.operand(first, 0);
    attribute const& a = g_.attributes_of(first);
    extents const& from = g_[source].shape;
    bool const sampled = g_[source].per_sample;
    set_domain(target, from, sampled);
    // domain: (batch), reduced axes, kept axes; the batch is reduced as well or an outer axis
    int const batch = sampled ? 1 : 0;
    target.reduced_from = a.over_batch ? 0 : batch;
    target.reduced_to = batch + a.a.size();
    for (int id = first_stored_[s]; id >= 0; id = next_stored_[id]) {
      instruction out;
      out.code = g_[id].code;
      out.type = g_[id].type;
      int const operand = g_.operand(id, 0);
      out.a = emit(target, operand, identity_view(from, first_));
      if (out.a < 0) return;
      access where;  // of the result, in terms of the operand's domain
      std::int64_t stride = 1;
      for (int i = from.rank - 1; i >= a.a.size(); --i) {
        where.strides[first_ + i] = stride;
        stride *= from[i];
      }
      target.body.push_back(out);
      push_store(target, id, target.body.size() - 1, where);
    }
  }

  constexpr void build_piece(int s) {
    step& target = steps_[s];
    int const id = groups_[s].shape_of;
    node const& n = g_[id];
    int const piece = groups_[s].piece;
    if (n.code == op::pad && piece == 0) {  // first everything is filled
      set_domain(target, n.shape, n.per_sample);
      instruction fill;
      fill.code = op::constant;
      fill.type = n.type;
      fill.value = n.value;
      target.body.push_back(fill);
      push_store(target, id, 0, identity_view(n.shape, first_).linear);
      return;
    }
    int const source = g_.operand(id, n.code == op::concatenate ? piece : 0);
    extents const& from = g_[source].shape;
    set_domain(target, from, n.per_sample);
    view v = identity_view(from, first_);
    int const value = emit(target, source, v);
    if (value < 0) return;
    for (int i = 0; i < from.rank; ++i) {
      access& c = v.coordinates[i];
      if (n.code == op::pad) {
        attribute const& a = g_.attributes_of(id);
        c.strides[first_ + i] = a.step[i];
        c.offset = a.low[i];
      } else if (i == n.index) {
        for (int k = 0; k < piece; ++k) c.offset += g_[g_.operand(id, k)].shape[i];
      }
    }
    push_store(target, id, value, linearized(v, n.shape));
  }

  list<emitted> memo_;
  list<int> first_stored_, next_stored_;  ///< per step, per node; -1 at the end
  int current_ = 0;    ///< the step whose body is being built
  int first_ = 0;      ///< the domain axis of the first axis of a sample
};

}  // namespace typegrad::detail

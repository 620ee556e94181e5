// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/fuse/cost.hpp>
#include <typegrad/compiler/step.hpp>

// What is done to a step once its body stands.

namespace typegrad::detail {

/// The slot of a step that stands for a node's buffer; a new one if there is none yet.
constexpr int slot_of(step& s, int id) {
  for (int i = 0; i < s.buffers.size(); ++i)
    if (s.buffers[i] == id) return i;
  s.buffers.push_back(id);
  return s.buffers.size() - 1;
}

/// Takes out what no store of a step needs.
constexpr void trim(step& s) {
  int const count = s.body.size();
  list<bool> live(count, false);
  for (store const& x : s.stores) live[x.value] = true;
  for (int i = count - 1; i >= 0; --i)
    for (int const o : {s.body[i].a, s.body[i].b, s.body[i].c})
      if (live[i] && o >= 0) live[o] = true;
  list<int> const buffers = s.buffers;
  list<int> const streams = s.streams;
  list<instruction> const body = s.body;
  s.buffers.clear();
  s.streams.clear();
  s.body.clear();
  if (s.stores.empty()) return;
  list<int> renamed(count, -1);
  if (s.kind == step_kind::contraction) {
    s.product.slot_a = slot_of(s, buffers[s.product.slot_a]);
    s.product.slot_b = slot_of(s, buffers[s.product.slot_b]);
  } else if (s.kind == step_kind::whole) {
    for (int& slot : s.whole.slots) slot = slot_of(s, buffers[slot]);
  }
  for (int i = 0; i < count; ++i) {
    if (!live[i]) continue;
    instruction x = body[i];
    if (x.a >= 0) x.a = renamed[x.a];
    if (x.b >= 0) x.b = renamed[x.b];
    if (x.c >= 0) x.c = renamed[x.c];
    if (x.code == op::input) x.slot = slot_of(s, buffers[x.slot]);
    if (x.code == op::random_uniform) {
      s.streams.push_back(streams[x.slot]);
      x.slot = s.streams.size() - 1;
    }
    renamed[i] = s.body.size();
    s.body.push_back(x);
  }
  for (store& x : s.stores) {
    x.value = renamed[x.value];
    x.slot = slot_of(s, buffers[x.slot]);
  }
}

constexpr bool follows(access const& a, int outer, std::int64_t n) {
  return a.strides[outer] == a.strides[outer + 1] * n;
}
constexpr void drop(access& a, int outer, int rank) {
  a.strides[outer] = a.strides[outer + 1];
  for (int k = outer + 1; k + 1 < rank; ++k) a.strides[k] = a.strides[k + 1];
  a.strides[rank - 1] = 0;
}

/// Merges neighbouring axes that every access walks through as if they were one.
constexpr void collapse(step& s) {
  if (s.kind == step_kind::contraction && s.product.loops > 0) return;
  for (int i = s.rank - 2; i >= 0; --i) {
    int const j = i + 1;
    if (s.kind == step_kind::row && j == s.rank - 1) continue;  // the row's own axis
    if (s.kind == step_kind::column && (j == s.reduced_from || j == s.reduced_to)) continue;
    if (s.kind == step_kind::contraction) {
      int const columns = first_column(s);
      if (j == columns) continue;
    }
    if (s.axes[j].batch) continue;
    bool merges = true;
    std::int64_t const n = s.axes[j].extent;
    for (instruction const& x : s.body)
      if (x.code == op::input || x.code == op::iota)
        merges = merges && follows(x.where, i, n);
    for (store const& x : s.stores) merges = merges && follows(x.where, i, n);
    if (!merges) continue;
    s.axes[i].extent *= n;
    for (int k = j; k + 1 < s.rank; ++k) s.axes[k] = s.axes[k + 1];
    for (instruction& x : s.body) drop(x.where, i, s.rank);
    for (store& x : s.stores) drop(x.where, i, s.rank);
    --s.rank;
    s.axes[s.rank] = {};
    if (s.reduced_from > i) --s.reduced_from;
    if (s.reduced_to > i) --s.reduced_to;
  }
}

/// Keeps vectors that a later phase needs and that are dear to compute again.
constexpr void mark_cached(step& s) {
  int const count = s.body.size();
  list<int> prices;  // of computing an instruction anew, the operands included
  for (int i = 0; i < count; ++i) {
    instruction& n = s.body[i];
    if (!n.varies || n.code == op::input || n.code == op::iota) {
      prices.push_back(n.varies ? 1 : 0);
      continue;
    }
    int price = cost_of(n.code);
    for (int const o : {n.a, n.b, n.c})
      if (o >= 0) price += prices[o];
    bool later = false;
    bool same_bits = false;
    for (int j = i + 1; j < count; ++j) {
      instruction const& m = s.body[j];
      bool const uses = m.a == i || m.b == i || m.c == i;
      int const phase = is_reduction(m.code) ? m.phase - 1 : m.phase;
      later = later || (uses && phase > n.phase);
      // what is compared for equality must not be rounded otherwise a second time
      same_bits = same_bits || (uses && (m.code == op::equal || m.code == op::not_equal));
    }
    n.cached = later && (price > recompute_limit || (same_bits && is_floating(n.type)));
    prices.push_back(n.cached ? 1 : price < 1000 ? price : 1000);
  }
}

/// Merges axes, and finds what varies along the innermost one and which phase computes what.
constexpr void finish(step& s) {
  if (s.kind == step_kind::control) return;
  if (s.random && s.rank == 0) {  // numbers are drawn along an axis
    s.axes[s.rank++] = {1, false};
    for (store& x : s.stores) x.where.strides[0] = 1;
  }
  collapse(s);
  // of a contraction, all axes that its columns are made of are the inner one
  int const inner = s.kind == step_kind::contraction ? first_column(s) : s.rank - 1;
  int const count = s.body.size();
  s.phases = 1;
  for (int i = 0; i < count; ++i) {
    instruction& n = s.body[i];
    bool const reads = n.code == op::input || n.code == op::iota;
    n.varies = false;
    for (int axis = inner < 0 ? 0 : inner; reads && axis < s.rank; ++axis)
      n.varies = n.varies || n.where.strides[axis] != 0;
    n.varies = n.varies || has_kernel(n.code) || n.code == op::random_uniform;
    int phase = 0;
    for (int const o : {n.a, n.b, n.c}) {
      if (o < 0) continue;
      n.varies = n.varies || s.body[o].varies;
      if (s.body[o].phase > phase) phase = s.body[o].phase;
    }
    if (is_reduction(n.code) && s.kind == step_kind::row) {
      n.varies = false;
      ++phase;
    }
    n.phase = phase;
    if (phase + 1 > s.phases) s.phases = phase + 1;
  }
  if (s.kind == step_kind::row) mark_cached(s);
}

}  // namespace typegrad::detail

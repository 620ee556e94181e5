// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/fuse/cost.hpp>
#include <typegrad/compiler/users.hpp>
#include <typegrad/compiler/view.hpp>
#include <typegrad/ops/registry.hpp>

namespace typegrad::detail {

/// The first half of fusion: which node belongs to which step, and what is stored.
///
/// 1. Every node that computes is given to a step: the earliest that can take it and does not run
///    before its operands. Leaves and views belong to no step; they are read wherever needed.
/// 2. A node used outside of its step is stored there, unless recomputing it elsewhere is cheap.
class grouping {
 public:
  constexpr explicit grouping(graph const& g) : g_{g} {
    must_store_.resize(g.size(), false);
    for (int id = 0; id < g.size(); ++id)
      if (g[id].code == op::result) must_store_[id] = true;
    for (int const id : g.outputs)
      if (!is_leaf(g[id].code) || g[id].code == op::random_uniform) must_store_[id] = true;
    compared_.resize(g.size(), false);
    for (int id = 0; id < g.size(); ++id)
      if (g[id].code == op::equal || g[id].code == op::not_equal)
        for (int i = 0; i < 2; ++i) {
          int o = g.operand(id, i);
          while (is_view(g[o].code)) o = g.operand(o, 0);
          compared_[o] = is_floating(g[o].type) && is_elementwise(g[o].code);
        }
    // What a kernel of an op's own reads lies in memory. The builder of bodies would find that out as
    // well, one value an attempt: in mixed precision, as many attempts as there are weights.
    list<int> const users = users_of(g);
    for (int id = 0; id < g.size(); ++id)
      for (int i = 0; users[id] > 0 && reads_memory(g[id].code) && i < g[id].operand_count; ++i) {
        int o = g.operand(id, i);
        while (is_view(g[o].code)) o = g.operand(o, 0);
        if (is_elementwise(g[o].code)) must_store_[o] = true;
      }
  }

 protected:
  struct group {  // what is known of a step while nodes are given out
    int shape_of = -1;    // the node whose extents the domain has
    bool per_sample = false;
    bool random = false;
    bool row = false;
    int piece = -1;       // which part of a value that several steps write, if it is one
    list<int> reads;      // what its members read, each other's values included
  };

  /// Belongs to no step: a leaf, a view, or what is cheaply computed from these wherever needed.
  constexpr bool free_standing(int id) const {
    op const code = g_[id].code;
    if (code == op::random_uniform || must_store_[id]) return false;
    if (is_leaf(code) || is_view(code)) return true;
    return is_elementwise(code) && ready_[id] < 0 && price_of(id) <= recompute_limit &&
           !compared_[id];
  }
  /// What computing a node costs anew, given what its operands cost.
  constexpr int price_of(int id) const {
    node const& n = g_[id];
    if (n.code == op::constant || n.code == op::scalar) return 0;
    if (is_leaf(n.code) && n.code != op::random_uniform) return 1;
    int operands = 0;
    for (int i = 0; i < n.operand_count; ++i) operands += cost_[g_.operand(n, i)];
    if (is_view(n.code)) return operands;
    // numbers from numbers are computed once, outside of all loops
    return operands == 0 && n.shape.rank == 0 ? 0 : cost_of(n.code) + operands;
  }

  // 1. Giving nodes to steps ----------------------------------------------------------------------

  constexpr void assign() {
    int const count = g_.size();
    steps_.clear();
    groups_.clear();
    step_of_.clear();
    ready_.clear();
    step_of_.resize(count, -1);
    ready_.resize(count, -1);
    cost_.clear();
    cost_.resize(count, 0);
    // What needs no data comes first: masks, and what depends on the weights alone, so that it is
    // there for what is fused into the steps on data.
    for (int id = 0; id < count; ++id)
      if (g_[id].code == op::random_uniform) open(step_kind::loop, id).random = true;
    list<bool> early(count, false);
    for (int id = 0; id < count; ++id) {
      op const code = g_[id].code;
      early[id] = code == op::weight || code == op::constant || code == op::scalar ||
                  is_elementwise(code) || is_view(code);
      for (int i = 0; i < g_[id].operand_count; ++i)
        early[id] = early[id] && early[g_.operand(id, i)];
      if (early[id]) assign(id);
    }
    for (int id = 0; id < count; ++id)
      if (!early[id] && g_[id].code != op::random_uniform) assign(id);
  }

  constexpr void assign(int id) {
    node const& n = g_[id];
    for (int i = 0; i < n.operand_count; ++i) {
      int const o = ready_[g_.operand(n, i)];
      if (o > ready_[id]) ready_[id] = o;
    }
    if (ready_[id] < 0) cost_[id] = price_of(id);
    if (free_standing(id)) return;
    if (is_contraction(n.code)) {
      open(step_kind::contraction, id);
    } else if (takes_whole(n.code)) {
      open(step_kind::whole, id);
    } else if (is_control(n.code)) {
      open(step_kind::control, id);
    } else if (n.code == op::result) {
      join(id, step_of_[g_.operand(n, 0)]);
    } else if (n.code == op::pad || n.code == op::concatenate) {
      open_pieces(id);
    } else if (is_reduction(n.code)) {
      place_reduction(id);
    } else {
      place(id);
    }
  }

  constexpr group& open(step_kind kind, int id) {
    step s;
    s.kind = kind;
    steps_.push_back(s);
    group n;
    n.shape_of = id;
    n.per_sample = g_[id].per_sample;
    groups_.push_back(n);
    join(id, steps_.size() - 1);
    return groups_.back();
  }
  constexpr void join(int id, int s) {
    for (int i = 0; i < g_[id].operand_count; ++i)
      collect_reads(g_.operand(id, i), groups_[s].reads);
    step_of_[id] = s;
    ready_[id] = s;
  }

  /// pad and concatenate are written piece by piece, one step each.
  constexpr void open_pieces(int id) {
    must_store_[id] = true;
    int const count = g_[id].code == op::pad ? 2 : g_[id].operand_count;
    for (int k = 0; k < count; ++k) open(step_kind::loop, id).piece = k;  // ready after the last
  }

  /// How operand o of a node is to be had in step s.
  enum class locality { elsewhere, same, row, no };
  constexpr locality locate(int o, int s) const {
    if (ready_[o] < s) return locality::elsewhere;
    if (step_of_[o] == s) {
      bool const whole = g_[o].shape == g_[groups_[s].shape_of].shape;
      return whole && !is_reduced(o, s) ? locality::same : locality::row;
    }
    if (g_[o].code == op::broadcast && free_standing(o)) {
      int const source = g_.operand(o, 0);
      if (step_of_[source] == s && is_row_value(source, s) &&
          g_[source].per_sample == g_[o].per_sample && leads(o) &&
          g_[o].shape == g_[groups_[s].shape_of].shape)
        return locality::same;
    }
    return locality::no;
  }
  /// Whether a broadcast repeats along the last axis only.
  constexpr bool leads(int id) const {
    axis_list const& axes = g_.attributes_of(id).a;
    if (axes.size() != g_[id].shape.rank - 1) return false;
    for (int i = 0; i < axes.size(); ++i)
      if (axes[i] != i) return false;
    return true;
  }
  constexpr bool is_reduced(int id, int s) const {
    return is_reduction(g_[id].code) && step_of_[id] == s && steps_[s].kind != step_kind::column;
  }
  constexpr bool is_row_value(int id, int s) const {
    extents const& whole = g_[groups_[s].shape_of].shape;
    return g_[id].shape.rank + 1 == whole.rank;
  }
  constexpr bool row_shaped(int id, int s) const {
    extents const& whole = g_[groups_[s].shape_of].shape;
    if (g_[id].shape.rank + 1 != whole.rank) return false;
    for (int i = 0; i + 1 < whole.rank; ++i)
      if (g_[id].shape[i] != whole[i]) return false;
    return true;
  }

  /// Whether elementwise node id can be computed in step s, next to operands that are there.
  constexpr bool fits(int id, int s) const {
    node const& n = g_[id];
    group const& d = groups_[s];
    step_kind const kind = steps_[s].kind;
    bool const fused = kind == step_kind::loop || kind == step_kind::row ||
                       kind == step_kind::contraction;
    if (!fused || is_piece(s)) return false;
    if (n.per_sample != d.per_sample) return false;
    // a product's kernel computes in one floating dtype, in which it has values of 16 bits as well
    auto const computed_in = [](dtype t) { return is_half(t) ? dtype::float32 : t; };
    dtype const product = g_[d.shape_of].type;
    if (steps_[s].kind == step_kind::contraction && is_floating(n.type) &&
        computed_in(n.type) != computed_in(product))
      return false;
    bool const whole = n.shape == g_[d.shape_of].shape;
    bool const reduced = d.row && row_shaped(id, s);
    if (!whole && !reduced) return false;
    for (int i = 0; i < n.operand_count; ++i) {
      int const o = g_.operand(n, i);
      locality const l = locate(o, s);
      if (l == locality::no) return false;
      if (whole && l == locality::row) return false;
      if (!whole && l == locality::same) return false;
      if (d.random && l == locality::elsewhere && base_of(o) >= 0) return false;
    }
    return true;
  }
  /// The node that a chain of views reads, -1 if it is a number.
  constexpr int base_of(int id) const {
    while (is_view(g_[id].code) && !must_store_[id]) id = g_.operand(id, 0);
    return g_[id].code == op::constant || g_[id].code == op::scalar ? -1 : id;
  }
  constexpr bool is_piece(int s) const { return groups_[s].piece >= 0; }

  /// Adds to `out` what having node id means to read: through views, and through what belongs to no
  /// step and is computed wherever it is needed.
  constexpr void collect_reads(int id, list<int>& out) const {
    id = base_of(id);
    if (id < 0 || out.contains(id)) return;
    if (step_of_[id] < 0 && is_elementwise(g_[id].code) && free_standing(id)) {
      for (int i = 0; i < g_[id].operand_count; ++i) collect_reads(g_.operand(id, i), out);
    } else {
      out.push_back(id);
    }
  }
  /// Whether step s reads something that node id reads as well.
  constexpr bool shares_operand(int id, int s) const {
    list<int> mine;
    for (int i = 0; i < g_[id].operand_count; ++i) collect_reads(g_.operand(id, i), mine);
    for (int const read : mine)
      if (groups_[s].reads.contains(read)) return true;
    return false;
  }

  constexpr void place(int id) {
    int const earliest = ready_[id];
    if (is_elementwise(g_[id].code)) {
      if (earliest >= 0 && fits(id, earliest)) return join(id, earliest);
      for (int s = earliest + 1; s < steps_.size(); ++s) {
        bool const loops = steps_[s].kind == step_kind::loop || steps_[s].kind == step_kind::row;
        if (loops && !groups_[s].random && fits(id, s) && shares_operand(id, s))
          return join(id, s);
      }
    }
    open(step_kind::loop, id);
  }

  constexpr bool along_rows(int id) const {
    attribute const& a = g_.attributes_of(id);
    int const rank = g_[g_.operand(id, 0)].shape.rank;
    bool const last = a.a.size() == 1 && a.a[0] == rank - 1 && !a.over_batch;
    return last && (rank > 1 || g_[id].per_sample || is_arg(id));
  }
  constexpr bool is_arg(int id) const {
    return g_[id].code == op::argmax || g_[id].code == op::argmin;
  }

  constexpr void place_reduction(int id) {
    int const operand = g_.operand(id, 0);
    if (!along_rows(id)) {
      for (int s = ready_[id] + 1; s < steps_.size(); ++s)
        if (steps_[s].kind == step_kind::column && same_reduction(id, groups_[s].shape_of))
          return join(id, s);
      open(step_kind::column, id);
      return;
    }
    auto const takes = [&](int s) {
      group const& d = groups_[s];
      bool const loops = steps_[s].kind == step_kind::loop || steps_[s].kind == step_kind::row;
      return loops && !d.random && !is_piece(s) && d.per_sample == g_[operand].per_sample &&
             g_[d.shape_of].shape == g_[operand].shape;
    };
    auto const enter = [&](int s) {
      steps_[s].kind = step_kind::row;
      groups_[s].row = true;
      join(id, s);
    };
    int const earliest = ready_[id];
    if (earliest >= 0 && takes(earliest) && locate(operand, earliest) == locality::same)
      return enter(earliest);
    for (int s = earliest + 1; s < steps_.size(); ++s)
      if (takes(s) && shares_operand(id, s)) return enter(s);
    open(step_kind::row, id);
    groups_.back().shape_of = operand;
    groups_.back().per_sample = g_[operand].per_sample;
    groups_.back().row = true;
  }

  constexpr bool same_reduction(int x, int y) const {
    attribute const& a = g_.attributes_of(x);
    attribute const& b = g_.attributes_of(y);
    int const from_x = g_.operand(x, 0);
    int const from_y = g_.operand(y, 0);
    return a.a == b.a && a.over_batch == b.over_batch && g_[from_x].shape == g_[from_y].shape &&
           g_[from_x].per_sample == g_[from_y].per_sample;
  }

  // 2. Storing or recomputing ---------------------------------------------------------------------

  constexpr void decide() {
    int const count = g_.size();
    stored_.clear();
    stored_.resize(count, false);
    outside_.clear();
    outside_.resize(count, 0);
    list<int> last_user(count, -1);
    list<bool> wider(count, false);
    list<bool> inside(count, false);
    for (int id = 0; id < count; ++id) {
      if (step_of_[id] < 0) continue;
      for (int i = 0; i < g_[id].operand_count; ++i) {
        int const b = base_of(g_.operand(id, i));
        if (b < 0 || step_of_[b] < 0) continue;
        if (step_of_[b] == step_of_[id]) {
          inside[b] = true;
          continue;
        }
        if (last_user[b] != step_of_[id]) ++outside_[b];
        last_user[b] = step_of_[id];
        bool const heavy = reads_memory(g_[id].code);
        if (heavy) must_store_[b] = true;
        if (elements(id) > elements(b)) wider[b] = true;
      }
    }
    cost_.clear();
    cost_.resize(count, 0);
    for (int id = 0; id < count; ++id) {
      node const& n = g_[id];
      int const cost = price_of(id);
      if (step_of_[id] < 0) {
        cost_[id] = cost;
        continue;
      }
      bool const recomputable = is_elementwise(n.code) && cost < 1000;
      bool const cheap = cost <= recompute_limit && !compared_[id];
      bool const once = outside_[id] == 1 && !inside[id] && !wider[id];
      stored_[id] = must_store_[id] || (outside_[id] > 0 && !(recomputable && (cheap || once)));
      cost_[id] = stored_[id] ? 1 : recomputable ? cost : 100000;
    }
  }
  constexpr std::int64_t elements(int id) const {
    node const& n = g_[id];
    std::int64_t const count = is_reduction(n.code) || reads_memory(n.code)
                                   ? g_[g_.operand(id, 0)].shape.count()
                                   : n.shape.count();
    return count * (n.per_sample ? 1'000'000 : 1);
  }

  graph const& g_;
  list<step> steps_;
  list<group> groups_;
  list<int> step_of_;  ///< per node, -1 if it belongs to none
  list<int> ready_;    ///< per node, the last step it depends on or is computed in
  list<bool> must_store_;
  list<bool> stored_;
  /// Per node, whether it is compared for equality: then it is computed once, since a second time
  /// the machine might round otherwise (a product and a sum in one instruction).
  list<bool> compared_;
  list<int> outside_;  ///< per node, how many other steps use it
  list<int> cost_;     ///< per node, of having it in another step
};

}  // namespace typegrad::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/lower.hpp>
#include <typegrad/compiler/view.hpp>

namespace typegrad {

/// What recomputing may cost at most, before a value is stored instead. In units of a cheap vector
/// operation; a load counts as one.
inline constexpr int recompute_limit = 4;

/// The price of one vector of an elementwise op.
constexpr int cost_of(op code) {
  switch (code) {
    case op::exp:
    case op::expm1:
    case op::log:
    case op::log1p:
    case op::sin:
    case op::cos:
    case op::tanh:
    case op::sigmoid:
    case op::erf: return 8;
    case op::power: return 16;
    case op::divide:
    case op::sqrt:
    case op::rsqrt: return 4;
    case op::random_uniform: return 32;
    default: return 1;
  }
}

namespace detail {

/// Cuts a lowered graph into steps.
///
/// 1. Every node that computes is given to a step: the earliest that can take it and does not run
///    before its operands. Leaves and views belong to no step; they are read wherever needed.
/// 2. A node used outside of its step is stored there, unless recomputing it elsewhere is cheap.
/// 3. Every step's body is built backwards from what it stores. Should a value turn out not to be
///    readable in the way a step needs it, it is marked to be stored, and all starts again.
class fuser {
 public:
  constexpr explicit fuser(graph const& g) : g_{g} {
    must_store_.resize(g.size(), false);
    for (int const id : g.outputs)
      if (!is_leaf(g[id].code) || g[id].code == op::random_uniform) must_store_[id] = true;
  }

  constexpr schedule run() {
    schedule out;
    do {
      again_ = grew_ = false;
      assign();
      decide();
      build_bodies();
      if (again_ && !grew_) {
        out.error = sentence("node ", stuck_, ", ", info(g_[stuck_].code).name, " of extents ",
                             to_text(g_[stuck_].shape),
                             ": cannot be read as a step needs it; please report this graph");
        return out;
      }
    } while (again_);
    for (int i = 0; i < steps_.size(); ++i)
      if (!steps_[i].stores.empty()) out.steps.push_back(steps_[i]);
    return out;
  }

 private:
  struct group {  // what is known of a step while nodes are given out
    int shape_of = -1;    // the node whose extents the domain has
    bool per_sample = false;
    bool random = false;
    bool row = false;
    bool piece = false;   // writes a part of a value that several steps write
  };

  constexpr void require_store(int id) {
    if (must_store_[id]) return;
    must_store_[id] = true;
    again_ = grew_ = true;
  }

  /// Belongs to no step: a leaf, a view, or what is cheaply computed from these wherever needed.
  constexpr bool free_standing(int id) const {
    op const code = g_[id].code;
    if (code == op::random_uniform || must_store_[id]) return false;
    if (is_leaf(code) || is_view(code)) return true;
    return is_elementwise(code) && ready_[id] < 0 && price_of(id) <= recompute_limit;
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
    for (int id = 0; id < count; ++id)  // what needs no data comes first: masks and the like
      if (g_[id].code == op::random_uniform) open(step_kind::loop, id).random = true;
    for (int id = 0; id < count; ++id) {
      node const& n = g_[id];
      if (n.code == op::random_uniform) continue;
      for (int i = 0; i < n.operand_count; ++i) {
        int const o = ready_[g_.operand(n, i)];
        if (o > ready_[id]) ready_[id] = o;
      }
      if (ready_[id] < 0) cost_[id] = price_of(id);
      if (free_standing(id)) continue;
      if (n.code == op::dot_general) {
        open(step_kind::contraction, id);
      } else if (n.code == op::pad || n.code == op::concatenate) {
        open_pieces(id);
      } else if (is_reduction(n.code)) {
        place_reduction(id);
      } else {
        place(id);
      }
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
    step_of_[id] = s;
    ready_[id] = s;
  }

  /// pad and concatenate are written piece by piece, one step each.
  constexpr void open_pieces(int id) {
    must_store_[id] = true;
    open(step_kind::loop, id).piece = true;
    open(step_kind::loop, id).piece = true;  // the value is ready after the second one
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
    if (steps_[s].kind == step_kind::column || is_piece(s)) return false;
    if (n.per_sample != d.per_sample) return false;
    // a product's kernel has one floating dtype
    dtype const product = g_[d.shape_of].type;
    if (steps_[s].kind == step_kind::contraction && is_floating(n.type) && n.type != product)
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
  constexpr bool is_piece(int s) const { return groups_[s].piece; }

  /// Whether step s reads something that node id reads as well.
  constexpr bool shares_operand(int id, int s) const {
    for (int member = 0; member < id; ++member) {
      if (step_of_[member] != s) continue;
      for (int i = 0; i < g_[member].operand_count; ++i) {
        int const theirs = base_of(g_.operand(member, i));
        if (theirs < 0) continue;
        for (int j = 0; j < g_[id].operand_count; ++j)
          if (base_of(g_.operand(id, j)) == theirs) return true;
      }
    }
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
        bool const heavy = g_[id].code == op::dot_general;
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
      bool const cheap = cost <= recompute_limit;
      bool const once = outside_[id] == 1 && !inside[id] && !wider[id];
      stored_[id] = must_store_[id] || (outside_[id] > 0 && !(recomputable && (cheap || once)));
      cost_[id] = stored_[id] ? 1 : recomputable ? cost : 100000;
    }
  }
  constexpr std::int64_t elements(int id) const {
    node const& n = g_[id];
    std::int64_t const count = is_reduction(n.code) || n.code == op::dot_general
                                   ? g_[g_.operand(id, 0)].shape.count()
                                   : n.shape.count();
    return count * (n.per_sample ? 1'000'000 : 1);
  }

  // 3. Bodies -------------------------------------------------------------------------------------

  struct emitted {
    int id = 0;
    access linear;
    int at = 0;
  };

  constexpr void build_bodies() {
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
          bool wanted = false;
          for (int id = 0; id < g_.size(); ++id) wanted = wanted || (step_of_[id] == s && stored_[id]);
          if (!wanted) continue;
          if (!build_product(target, shape_of)) continue;
        }
        for (int id = 0; id < g_.size(); ++id)
          if (step_of_[id] == s && stored_[id]) emit_store(target, id);
      }
      if (again_) return;
    }
    drop_unread();
    for (step& s : steps_) finish(s);
  }

  /// Takes out what an earlier attempt asked to have stored and nobody reads any more.
  constexpr void drop_unread() {
    bool dropped = true;
    while (dropped) {
      dropped = false;
      list<bool> read(g_.size(), false);
      for (int const id : g_.outputs) read[id] = true;
      for (step const& s : steps_) {
        for (instruction const& x : s.body)
          if (x.code == op::input) read[s.buffers[x.slot]] = true;
        if (s.kind == step_kind::contraction && !s.stores.empty()) {
          read[s.buffers[s.product.slot_a]] = true;
          read[s.buffers[s.product.slot_b]] = true;
        }
      }
      for (step& s : steps_) {
        bool here = false;
        for (int k = s.stores.size() - 1; k >= 0; --k)
          if (!read[s.buffers[s.stores[k].slot]]) {
            s.stores.erase(k);
            here = true;
          }
        if (here) trim(s);
        dropped = dropped || here;
      }
    }
  }
  /// Takes out what no store of a step needs.
  constexpr void trim(step& s) const {
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

  constexpr void set_domain(step& s, extents const& shape, bool per_sample) {
    s.rank = 0;
    if (per_sample) s.axes[s.rank++] = {1, true};
    first_ = s.rank;
    for (std::int64_t const n : shape) s.axes[s.rank++] = {n, false};
    s.random = groups_[current_].random;
  }

  constexpr int slot_of(step& s, int id) const {
    for (int i = 0; i < s.buffers.size(); ++i)
      if (s.buffers[i] == id) return i;
    s.buffers.push_back(id);
    return s.buffers.size() - 1;
  }

  constexpr access buffer_access(step const& s, int id, access linear) const {
    if (g_[id].per_sample)
      for (int i = 0; i < s.rank; ++i)
        if (s.axes[i].batch) linear.strides[i] += g_[id].shape.count();
    return linear;
  }

  constexpr void emit_store(step& s, int id) {
    view const v = identity_view(g_[id].shape, first_);
    int const value = emit(s, id, v);
    if (value >= 0) push_store(s, id, value, v.linear);
  }
  constexpr void push_store(step& s, int id, int value, access const& linear) {
    s.stores.push_back({value, slot_of(s, id), g_[id].type, buffer_access(s, id, linear)});
  }

  constexpr int push(step& s, instruction const& i, int id, access const& linear) {
    s.body.push_back(i);
    memo_.push_back({id, linear, s.body.size() - 1});
    return s.body.size() - 1;
  }

  /// Appends what computes node id under a view to the body; -1 if something has to be stored first.
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
      for (int i = 0; i < n.operand_count; ++i) {
        operands[i] = emit(s, g_.operand(n, i), v);
        if (operands[i] < 0) return -1;
      }
      out.a = operands[0];
      out.b = operands[1];
      out.c = operands[2];
      return push(s, out, id, v.linear);
    }
    bool const own_place = local && v.linear == identity_view(n.shape, first_).linear;
    if (n.code == op::dot_general && own_place) return push(s, out, id, v.linear);
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
  constexpr int fail(int id) {
    require_store(id);
    stuck_ = id;
    again_ = true;
    return -1;
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
    for (int id = 0; id < g_.size(); ++id) {
      if (step_of_[id] != s || !stored_[id]) continue;
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
    bool const second = step_of_[id] == s;
    if (n.code == op::pad && !second) {  // first everything is filled
      set_domain(target, n.shape, n.per_sample);
      instruction fill;
      fill.code = op::constant;
      fill.type = n.type;
      fill.value = n.value;
      target.body.push_back(fill);
      push_store(target, id, 0, identity_view(n.shape, first_).linear);
      return;
    }
    int const source = g_.operand(id, n.code == op::concatenate && second ? 1 : 0);
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
      } else if (i == n.index && second) {
        c.offset = g_[g_.operand(id, 0)].shape[i];
      }
    }
    push_store(target, id, value, linearized(v, n.shape));
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
    std::int64_t const samples_a = sampled_a ? g_[pa.buffer].shape.count() : 0;
    std::int64_t const samples_b = sampled_b ? g_[pb.buffer].shape.count() : 0;
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

  // Details of a finished body --------------------------------------------------------------------

  constexpr void finish(step& s) {
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
      n.varies = n.varies || n.code == op::dot_general || n.code == op::random_uniform;
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

  /// Keeps vectors that a later phase needs and that are dear to compute again.
  constexpr void mark_cached(step& s) const {
    int const count = s.body.size();
    for (int i = 0; i < count; ++i) {
      instruction& n = s.body[i];
      if (!n.varies || n.code == op::input || n.code == op::iota) continue;
      bool later = false;
      for (int j = i + 1; j < count; ++j) {
        instruction const& m = s.body[j];
        bool const uses = m.a == i || m.b == i || m.c == i;
        int const phase = is_reduction(m.code) ? m.phase - 1 : m.phase;
        later = later || (uses && phase > n.phase);
      }
      if (later && price(s, i) > recompute_limit) n.cached = true;
    }
  }
  constexpr int price(step const& s, int i) const {
    instruction const& n = s.body[i];
    if (n.cached || n.code == op::input || n.code == op::iota) return 1;
    if (!n.varies) return 0;
    int total = cost_of(n.code);
    for (int const o : {n.a, n.b, n.c})
      if (o >= 0) total += price(s, o);
    return total;
  }

  /// Merges neighbouring axes that every access walks through as if they were one.
  constexpr void collapse(step& s) const {
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
  static constexpr bool follows(access const& a, int outer, std::int64_t n) {
    return a.strides[outer] == a.strides[outer + 1] * n;
  }
  static constexpr void drop(access& a, int outer, int rank) {
    a.strides[outer] = a.strides[outer + 1];
    for (int k = outer + 1; k + 1 < rank; ++k) a.strides[k] = a.strides[k + 1];
    a.strides[rank - 1] = 0;
  }
  /// The domain axis where a contraction's columns begin.
  static constexpr int first_column(step const& s) {
    std::int64_t count = 1;
    int axis = s.rank;
    while (axis > 0 && count < s.product.columns.extent) count *= s.axes[--axis].extent;
    return axis;
  }

  graph const& g_;
  list<step> steps_;
  list<group> groups_;
  list<int> step_of_;  ///< per node, -1 if it belongs to none
  list<int> ready_;    ///< per node, the last step it depends on or is computed in
  list<bool> must_store_;
  list<bool> stored_;
  list<int> outside_;
  list<int> cost_;
  list<emitted> memo_;
  int current_ = 0;
  int first_ = 0;  ///< the domain axis of the first axis of a sample
  bool again_ = false;
  bool grew_ = false;  ///< something more is stored: the next attempt differs
  int stuck_ = -1;     ///< what could not be read last
};

}  // namespace detail

/// Cuts a graph into fused steps. The graph must be simplified and lowered.
constexpr schedule fuse(graph const& g) { return detail::fuser{g}.run(); }

}  // namespace typegrad

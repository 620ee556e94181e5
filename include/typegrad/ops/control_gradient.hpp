// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/reduction.hpp>  // gradient_context::add
#include <typegrad/ops/region.hpp>
#include <typegrad/ops/rule.hpp>

// Gradients of control ops: control ops again, whose regions are made from the regions by reverse
// mode. A scan runs backwards; what its turns need of the forward turns' values, and would be dear
// to compute again, the forward scan stacks as further results.

namespace typegrad {

constexpr void pull_back(graph& g, list<int>& cotangents, list<int> const& wanted);

namespace detail {

/// Zeros like a node.
constexpr symbol zeros_like(graph& g, node const& like) {
  extents const shape = like.shape;
  bool const sampled = like.per_sample;
  symbol const zero = build::constant(g, 0, like.type, shape);
  return sampled ? build::spread(zero) : zero;
}

/// The nodes that are a region's inputs, per input; -1 where none is.
constexpr list<int> input_nodes(graph const& region) {
  list<int> out(region.inputs.size(), -1);
  for (int id = 0; id < region.size(); ++id)
    if (region[id].code == op::input) out[region[id].index] = id;
  return out;
}

/// A copy of what the given outputs need, and of all inputs.
constexpr graph with_outputs(graph const& from, list<int> const& outputs) {
  graph to;
  list<bool> needed(from.size(), false);
  for (int const id : outputs) needed[id] = true;
  for (int id = from.size() - 1; id >= 0; --id)
    for (int i = 0; needed[id] && i < from[id].operand_count; ++i)
      needed[from.operand(id, i)] = true;
  list<int> names(from.size(), -1);
  for (input_info const& x : from.inputs) to.inputs.push_back(x);
  for (int id = 0; id < from.size(); ++id) {
    if (!needed[id] && from[id].code != op::input) continue;
    list<int> operands;
    for (int i = 0; i < from[id].operand_count; ++i) operands.push_back(names[from.operand(id, i)]);
    names[id] = copy_node(from, id, to, operands.begin());
  }
  for (int const id : outputs) to.outputs.push_back(names[id]);
  return to;
}

/// Whether a value had better be computed again from its operands than be kept.
constexpr bool is_cheap(op code) {
  switch (code) {
    case op::negate:
    case op::absolute:
    case op::sign:
    case op::logical_not:
    case op::cast:
    case op::stop_gradient:
    case op::add:
    case op::subtract:
    case op::multiply:
    case op::maximum:
    case op::minimum:
    case op::logical_and:
    case op::logical_or:
    case op::select:
    case op::reshape:
    case op::transpose:
    case op::broadcast:
    case op::slice:
    case op::reverse:
      return true;
    default:
      return is_comparison(code);
  }
}

/// Makes the backward scan of a scan.
class scan_reverser {
 public:
  constexpr explicit scan_reverser(gradient_context& c)
      : c_{c},
        g_{c.owner()},
        id_{c.y.id()},
        form_{control_form_of(c.owner(), id_)},
        region_{c.owner()[id_].region},
        body_{c.owner().regions[region_]} {}

  constexpr void run() {
    known_ = body_.size();
    inputs_ = input_nodes(body_);
    seed();
    list<int> wanted;
    for (int const i : float_carries_) wanted.push_back(inputs_[i]);
    for (int i = form_.carries; i < inputs_.size(); ++i)
      if (wants(i)) wanted.push_back(inputs_[i]);
    pull_back(body_, cotangents_, wanted);
    if (body_.failed()) return g_.fail(body_.error);
    collect_results();
    find_needed();
    graph const backward = assemble();
    store_residuals();
    append(backward);
  }

 private:
  struct seeded {
    int parameter;  ///< of the body
    int operand;    ///< of the backward scan, in the outer graph
  };
  enum class origin : std::int8_t { none, again, sequence, capture, residual };

  constexpr bool is_float_input(int i) const { return is_floating(body_.inputs[i].type); }
  constexpr bool wants(int i) const { return is_float_input(i) && inputs_[i] >= 0 && c_.wants(i); }
  constexpr symbol in_body(int id) { return {body_, id}; }

  /// Parameters for the cotangents of the body's outputs.
  constexpr void seed() {
    cotangents_.resize(known_, -1);
    auto const parameter = [&](int like) {
      node const n = body_[like];
      return build::parameter(body_, n.shape, n.type, n.per_sample).id();
    };
    auto const add = [&](int output, int p) {
      int& cotangent = cotangents_[output];
      cotangent = cotangent < 0 ? p : (in_body(cotangent) + in_body(p)).id();
    };
    for (int i = 0; i < form_.carries; ++i) {
      if (!is_float_input(i)) continue;
      float_carries_.push_back(i);
      int const out = body_.outputs[i];
      int const p = parameter(out);
      symbol const given = c_.of_result(i);
      node const like = body_[out];
      carries_.push_back({p, (given.valid() ? given : zeros_like(g_, like)).id()});
      add(out, p);
    }
    for (int k = form_.carries; k < body_.outputs.size(); ++k) {
      symbol const given = c_.of_result(k);
      if (!given.valid()) continue;
      int const p = parameter(body_.outputs[k]);
      sequences_.push_back({p, given.id()});
      add(body_.outputs[k], p);
    }
  }

  /// The outputs of the backward body: cotangents of what goes round, sums of those of what is
  /// the same in every turn, and those of the sequences' parts.
  constexpr void collect_results() {
    auto const gradient = [&](int i) {
      int const id = cotangents_[inputs_[i]];
      if (id >= 0) return id;
      node const like = body_[inputs_[i]];
      return zeros_like(body_, like).id();
    };
    for (int const i : float_carries_) results_.push_back(gradient(i));
    for (int i = form_.carries + form_.sequences; i < inputs_.size(); ++i) {
      if (!wants(i) || cotangents_[inputs_[i]] < 0) continue;
      node const like = body_[inputs_[i]];
      int const sum = build::parameter(body_, like.shape, like.type, like.per_sample).id();
      carries_.push_back({sum, zeros_like(g_, like).id()});
      results_.push_back((in_body(sum) + in_body(cotangents_[inputs_[i]])).id());
      summed_.push_back(i);
    }
    for (int i = form_.carries; i < form_.carries + form_.sequences; ++i) {
      if (!wants(i) || cotangents_[inputs_[i]] < 0) continue;
      results_.push_back(gradient(i));
      parts_.push_back(i);
    }
  }

  /// Which nodes the backward body is made of, and where those come from that are known before it
  /// runs.
  constexpr void find_needed() {
    unknown_.resize(body_.size(), false);
    from_.resize(body_.size(), origin::none);
    availability_.resize(body_.size(), 0);
    for (seeded const& s : carries_) unknown_[s.parameter] = true;
    for (seeded const& s : sequences_) unknown_[s.parameter] = true;
    for (int id = known_; id < body_.size(); ++id)
      for (int i = 0; i < body_[id].operand_count; ++i)
        if (unknown_[body_.operand(id, i)]) unknown_[id] = true;
    list<bool> needed(body_.size(), false);
    for (int const id : results_) {
      needed[id] = true;
      if (!unknown_[id]) need(id);
    }
    for (int id = body_.size() - 1; id >= known_; --id) {
      if (!needed[id] || !unknown_[id]) continue;
      from_[id] = origin::again;
      for (int i = 0; i < body_[id].operand_count; ++i) {
        int const o = body_.operand(id, i);
        needed[o] = true;
        if (!unknown_[o]) need(o);
      }
    }
  }

  /// Whether a known node is there without being kept. What once is not stays so, though what it is
  /// computed from may be there by then.
  constexpr bool available(int id) {
    node const& n = body_[id];
    if (from_[id] != origin::none || is_number_leaf(n.code)) return true;
    if (n.code == op::input) return n.index >= form_.carries;
    if (!is_cheap(n.code)) return false;
    if (availability_[id] == 0) {
      bool all = true;
      for (int i = 0; all && i < n.operand_count; ++i) all = available(body_.operand(id, i));
      availability_[id] = all ? 1 : -1;
    }
    return availability_[id] > 0;
  }
  constexpr void need(int id) {
    if (from_[id] != origin::none) return;
    node const& n = body_[id];
    if (is_number_leaf(n.code)) {
      from_[id] = origin::again;
    } else if (n.code == op::input && n.index >= form_.carries) {
      bool const part = n.index < form_.carries + form_.sequences;
      from_[id] = part ? origin::sequence : origin::capture;
    } else {
      int missing = 0;
      for (int i = 0; i < n.operand_count; ++i) missing += !available(body_.operand(id, i));
      bool const again = is_cheap(n.code) && missing <= 1;
      from_[id] = again ? origin::again : origin::residual;
      for (int i = 0; again && i < n.operand_count; ++i) need(body_.operand(id, i));
    }
  }

  constexpr graph assemble() {
    graph out;
    list<int> names(body_.size(), -1);
    auto const input = [&](int id) {
      node const& n = body_[id];
      names[id] = region_input(out, n.shape, n.type, n.per_sample);
    };
    for (seeded const& s : carries_) input(s.parameter);
    for (seeded const& s : sequences_) input(s.parameter);
    for (origin const o : {origin::sequence, origin::residual, origin::capture})
      for (int id = 0; id < body_.size(); ++id) {
        if (from_[id] != o) continue;
        input(id);
        if (o == origin::sequence) used_parts_.push_back(body_[id].index);
        if (o == origin::residual) residuals_.push_back(id);
        if (o == origin::capture) used_captures_.push_back(body_[id].index);
      }
    for (int id = 0; id < body_.size(); ++id) {
      if (from_[id] != origin::again || names[id] >= 0) continue;
      list<int> operands;
      for (int i = 0; i < body_[id].operand_count; ++i)
        operands.push_back(names[body_.operand(id, i)]);
      names[id] = copy_node(body_, id, out, operands.begin());
    }
    for (int const id : results_) out.outputs.push_back(names[id]);
    return out;
  }

  /// The forward scan gives out what the backward one needs.
  constexpr void store_residuals() {
    list<int> outputs = body_.outputs;
    for (int const id : residuals_) {
      int at = -1;
      for (int k = form_.carries; k < outputs.size(); ++k)
        if (outputs[k] == id) at = k;
      if (at < 0) {
        at = outputs.size();
        outputs.push_back(id);
      }
      residual_results_.push_back(at);
    }
    g_.regions[region_] = with_outputs(body_, outputs);
  }

  constexpr void append(graph const& backward) {
    list<int> operands;
    for (seeded const& s : carries_) operands.push_back(s.operand);
    for (seeded const& s : sequences_) operands.push_back(s.operand);
    for (int const i : used_parts_) operands.push_back(g_.operand(id_, i));
    for (int i = 0; i < residuals_.size(); ++i) {
      node const& n = body_[residuals_[i]];
      extents shape{form_.length};
      for (std::int64_t const e : n.shape) shape.push_back(e);
      operands.push_back(
          build::result(g_, id_, residual_results_[i], shape, n.type, n.per_sample).id());
    }
    for (int const i : used_captures_) operands.push_back(g_.operand(id_, i));
    int const at = g_.regions.size();
    g_.regions.push_back(backward);
    int const sequences = sequences_.size() + used_parts_.size() + residuals_.size();
    int const id = append_control(
        g_, op::scan, {carries_.size(), sequences, form_.length, !form_.backwards}, operands, at);
    list<symbol> const all = results_of(g_, id, backward, carries_.size(), form_.length);
    int next = 0;
    for (int const i : float_carries_) c_.add(i, all[next++]);
    for (int const i : summed_) c_.add(i, all[next++]);
    for (int const i : parts_) c_.add(i, all[next++]);
  }

  gradient_context& c_;
  graph& g_;
  int id_;
  control_form form_;
  int region_;
  graph body_;     ///< the region, to which its reverse mode is appended
  int known_ = 0;  ///< nodes of the region itself
  list<int> inputs_, cotangents_, results_;
  list<int> float_carries_, summed_, parts_;  ///< inputs whose cotangents come out, in this order
  list<seeded> carries_, sequences_;
  list<bool> unknown_;  ///< per node of the body, whether it depends on cotangents
  list<origin> from_;   ///< per node of the body: where the backward body has it from
  list<int> availability_;  ///< per node of the body: 1 if it is `available`, -1 if not, 0 unknown
  list<int> used_parts_, used_captures_, residuals_, residual_results_;
};

}  // namespace detail

/// `index`: which result.
template <>
struct rule<op::result> {
  static constexpr std::string_view name = "result";
  static constexpr void gradient(gradient_context& c) { c.reach(0); }
};

/// (carries, sequences, captured). See `control_form`.
template <>
struct rule<op::scan> {
  static constexpr std::string_view name = "scan";
  static constexpr void gradient(gradient_context& c) { detail::scan_reverser{c}.run(); }
};

/// (condition, operands). Its gradient computes the case that holds once more.
template <>
struct rule<op::cond> {
  static constexpr std::string_view name = "cond";
  static constexpr void gradient(gradient_context& c) {
    graph& g = c.owner();
    int const id = c.y.id();
    int const region = g[id].region;
    list<int> operands;
    for (int i = 0; i < g[id].operand_count; ++i) operands.push_back(g.operand(id, i));
    list<int> wanted, given;  // operands, and results that have cotangents
    for (int i = 1; i < operands.size(); ++i)
      if (is_floating(g[operands[i]].type) && c.wants(i)) wanted.push_back(i);
    list<int> all = operands;
    for (int k = 0; k < g.regions[region].outputs.size(); ++k) {
      symbol const dy = c.of_result(k);
      if (!dy.valid()) continue;
      given.push_back(k);
      all.push_back(dy.id());
    }
    graph cases[2];
    for (int which = 0; which < 2; ++which) {
      graph body = g.regions[region + which];
      list<int> const inputs = detail::input_nodes(body);
      list<int> cotangents(body.size(), -1), outputs;
      for (int const k : given) {
        int const out = body.outputs[k];
        node const like = body[out];
        symbol const seed{body, detail::region_input(body, like.shape, like.type, like.per_sample)};
        int& cotangent = cotangents[out];
        cotangent = cotangent < 0 ? seed.id() : (symbol{body, cotangent} + seed).id();
      }
      list<int> targets;
      for (int const i : wanted) targets.push_back(inputs[i - 1]);
      pull_back(body, cotangents, targets);
      if (body.failed()) return g.fail(body.error);
      for (int const target : targets) {
        node const like = body[target];
        outputs.push_back(cotangents[target] >= 0 ? cotangents[target]
                                                  : detail::zeros_like(body, like).id());
      }
      cases[which] = detail::with_outputs(body, outputs);
    }
    int const at = g.regions.size();
    for (graph const& r : cases) g.regions.push_back(r);
    int const back = detail::append_control(g, op::cond, {all.size() - 1, 0, 0, false}, all, at);
    list<symbol> const results = detail::results_of(g, back, cases[0], wanted.size(), 0);
    for (int i = 0; i < wanted.size(); ++i) c.add(wanted[i], results[i]);
  }
};

/// (condition, carries, captured).
template <>
struct rule<op::while_loop> {
  static constexpr std::string_view name = "while_loop";
  static constexpr void gradient(gradient_context& c) {
    for (int i = 1; i < c.owner()[c.y.id()].operand_count; ++i)
      if (c.wants(i) && is_floating(c.operand(i).type()))
        return c.owner().fail(
            diagnosis{"while_loop: has no gradient, since the number of turns is only known at run "
                      "time; use fori_loop with constant bounds, or scan"});
  }
};

}  // namespace typegrad

#include <typegrad/ops/registry.hpp>  // pull_back

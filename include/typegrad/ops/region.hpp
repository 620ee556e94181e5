// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/build.hpp>

// Regions: the sub-graphs of control ops. A region is traced in the graph it belongs to, with
// parameters for what it is called with, and then cut out of it: the parameters become its inputs,
// and what it takes from outside becomes inputs behind them. So whatever a region's function
// captures is an operand of the control op.

namespace typegrad {

namespace build {

/// A value that a region is traced with.
constexpr symbol parameter(graph& g, extents const& shape, dtype type, bool per_sample) {
  node n;
  n.code = op::parameter;
  n.type = type;
  n.shape = shape;
  n.per_sample = per_sample;
  n.index = g.parameters++;
  return append(g, n, nullptr, 0);
}

/// Result `index` of a control node.
constexpr symbol result(graph& g, int control, int index, extents const& shape, dtype type,
                        bool per_sample) {
  node n;
  n.code = op::result;
  n.type = type;
  n.shape = shape;
  n.per_sample = per_sample;
  n.index = index;
  return {g, g.add(n, &control, 1)};
}

}  // namespace build

/// How many of what a control node has, in this order: of its operands, behind the condition of
/// `cond` and `while_loop`, those that go round (of `cond`: all that its regions are called with),
/// then those of which each turn gets a part, then what is the same in every turn. A region's
/// inputs are the same without the condition. Its outputs: what goes round, then what each turn
/// adds to the stacked results, or for `while_loop` the condition.
struct control_form {
  int carries = 0;
  int sequences = 0;
  std::int64_t length = 0;  ///< turns of a scan
  bool backwards = false;   ///< whether a scan begins with the last part

  constexpr attribute as_attribute() const {
    attribute a;
    a.low = {carries, sequences, length};
    a.backwards = backwards;
    return a;
  }
};
constexpr control_form control_form_of(graph const& g, int id) {
  attribute const& a = g.attributes_of(id);
  return {static_cast<int>(a.low[0]), static_cast<int>(a.low[1]), a.low[2], a.backwards};
}
/// Where the operands begin that are inputs of the regions.
constexpr int first_region_operand(op code) { return code == op::scan ? 0 : 1; }
constexpr int region_count(op code) { return code == op::cond ? 2 : 1; }

namespace detail {

/// Appends node `id` of another graph, with its regions, to operands of this one.
constexpr int copy_node(graph const& from, int id, graph& to, int const* operands) {
  node n = from[id];
  attribute const* const a = n.attribute < 0 ? nullptr : &from.attributes_of(id);
  n.attribute = -1;
  if (is_control(n.code)) {
    int const first = n.region;
    n.region = to.regions.size();
    for (int i = 0; i < region_count(n.code); ++i) to.regions.push_back(from.regions[first + i]);
  }
  return to.add(n, operands, n.operand_count, a);
}

/// Input `index` of a region that is being made.
constexpr int region_input(graph& region, extents const& shape, dtype type, bool per_sample) {
  return build::input(region, "", shape, type, per_sample).id();
}

/// A number wherever it is needed: regions have such of their own.
constexpr bool is_number_leaf(op code) {
  return code == op::constant || code == op::iota || code == op::scalar;
}

/// Cuts a region out of the graph that it was traced in.
class region_cutter {
 public:
  /// `inside`: per node, whether it is the region's, once it is needed.
  constexpr region_cutter(graph const& g, list<bool> const& inside, list<int>& captures)
      : g_{g}, inside_{inside}, captures_{captures} {}

  /// Parameters become the first inputs, what is captured the next. `captures` may have some
  /// already; those added follow.
  constexpr graph cut(list<int> const& parameters, list<int> const& results) {
    names_.resize(g_.size(), -1);
    for (int const id : parameters) names_[id] = input(id);
    for (int const id : captures_) names_[id] = input(id);
    list<bool> needed(g_.size(), false);
    int first = g_.size();
    for (int const id : results) needed[id] = true;
    for (int id = g_.size() - 1; id >= 0; --id) {
      if (!needed[id] || !inside_[id]) continue;
      first = id;
      for (int i = 0; i < g_[id].operand_count; ++i) needed[g_.operand(id, i)] = true;
    }
    for (int id = first; id < g_.size(); ++id) {
      if (!needed[id] || !inside_[id] || names_[id] >= 0) continue;
      names_[id] = copy(id);
    }
    for (int const id : results) region_.outputs.push_back(name_of(id));
    return region_;
  }

 private:
  constexpr int input(int id) {
    node const& n = g_[id];
    return region_input(region_, n.shape, n.type, n.per_sample);
  }
  constexpr int copy(int id) {
    list<int> operands;
    for (int i = 0; i < g_[id].operand_count; ++i) operands.push_back(name_of(g_.operand(id, i)));
    return copy_node(g_, id, region_, operands.begin());
  }
  /// What stands for node `id` within the region; views and numbers from outside are made anew.
  constexpr int name_of(int id) {
    if (names_[id] >= 0) return names_[id];
    op const code = g_[id].code;
    bool const view = code == op::broadcast || code == op::reshape || code == op::transpose;
    if (is_number_leaf(code) || view) {
      names_[id] = copy(id);
    } else {
      captures_.push_back(id);
      names_[id] = input(id);
    }
    return names_[id];
  }

  graph const& g_;
  list<bool> const& inside_;
  list<int>& captures_;
  graph region_;
  list<int> names_;  ///< per node of g_
};

/// Per node, whether it depends on one of the parameters; none of these does.
constexpr list<bool> depending_on(graph const& g, list<int> const& parameters) {
  list<bool> is(g.size(), false);
  if (parameters.empty()) return is;
  for (int const id : parameters) is[id] = true;
  for (int id = parameters[0]; id < g.size(); ++id)
    for (int i = 0; i < g[id].operand_count; ++i)
      if (is[g.operand(id, i)]) is[id] = true;
  for (int const id : parameters) is[id] = false;
  return is;
}

/// A control node, its operands given, its first region added last. Requires regions that are
/// there already.
constexpr int append_control(graph& g, op code, control_form const& form, list<int> const& operands,
                             int first_region) {
  node n;
  n.code = code;
  n.region = first_region;
  attribute const a = form.as_attribute();
  return g.add(n, operands.begin(), operands.size(), &a);
}

/// Its results: like the outputs of `region`, those behind what goes round stacked `length` high if
/// there is a length.
constexpr list<symbol> results_of(graph& g, int control, graph const& region, int carries,
                                  std::int64_t length) {
  list<symbol> out;
  for (int k = 0; k < region.outputs.size(); ++k) {
    node const& n = region[region.outputs[k]];
    extents shape = n.shape;
    if (k >= carries && length > 0) {
      shape = {length};
      for (std::int64_t const e : n.shape) shape.push_back(e);
    }
    out.push_back(build::result(g, control, k, shape, n.type, n.per_sample));
  }
  return out;
}

}  // namespace detail
}  // namespace typegrad

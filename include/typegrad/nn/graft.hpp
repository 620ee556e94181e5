// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/list.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/ops/region.hpp>

#include <string_view>

// Taking part of a traced model over into another graph: what the wanted values need, with the
// weights, the penalties, the layers and the states that belong to it, and nothing else.
namespace typegrad::detail {

/// Copies part of a graph to the end of another one, below the layer that is being called there.
class graft {
 public:
  /// `again`: whether its owner has done so before.
  constexpr graft(graph const& from, graph& to, bool again) : from_{from}, to_{to}, again_{again} {}

  /// The wanted nodes in the new graph. `inputs`: what stands for the inputs of `from`; if empty,
  /// those that are needed are made. `weights`: per weight of `from`, its position in the new
  /// graph; -1 for those that are not there yet, which are made. `used`: those that belong to it,
  /// see `used_weights`.
  constexpr list<int> run(list<int> const& wanted, list<bool> const& used,
                          list<symbol> const& inputs, list<int>& weights) {
    used_ = used;
    find_needed(wanted);
    int const first_node = to_.size();
    weights.resize(from_.weights.size(), -1);
    bool const first = make_weights(weights) && !again_;
    make_inputs(inputs);
    names_.resize(from_.size(), -1);
    for (int id = 0; id < from_.size(); ++id)
      if (needed_[id]) names_[id] = copy(id, weights, names_);
    to_.random_streams += from_.random_streams;
    for (int const id : from_.losses)
      if (whole_[id]) to_.losses.push_back(names_[id]);
    for (added_metric const& m : from_.metrics)
      if (whole_[m.node]) add_metric(to_, m.name.view(), symbol{to_, names_[m.node]});
    for (state_update const& u : from_.updates)
      if (weights[u.weight] >= 0 && whole_[u.node]) update(u, weights);
    copy_calls(weights, first, first_node);
    list<int> out;
    for (int const id : wanted) out.push_back(names_[id]);
    return out;
  }

  /// Which weights of a graph belong to the part: those that it reads, and the others of the layers
  /// that are called for it. Asked of the graph for training, so that they are the same there,
  /// where moving averages are not read, and otherwise, where dropout is no node.
  static constexpr list<bool> used_weights(graph const& from, list<int> const& wanted) {
    graph none;
    graft part{from, none, false};
    part.needed_.resize(from.size(), false);
    for (int const id : wanted) part.needed_[id] = true;
    part.spread_need();
    part.find_used();
    return part.used_;
  }

 private:
  /// What is needed for the wanted values, and what layers keep beside them: their losses, metrics
  /// and updates, if these read nothing else.
  constexpr void find_needed(list<int> const& wanted) {
    needed_.resize(from_.size(), false);
    for (int const id : wanted) needed_[id] = true;
    spread_need();
    for (int id = 0; id < from_.size(); ++id) {
      if (from_[id].code != op::weight) continue;
      bool& used = used_[from_[id].index];
      used = used || needed_[id];
      needed_[id] = used;
    }
    whole_.resize(from_.size(), true);
    for (int id = 0; id < from_.size(); ++id) {
      if (from_[id].code == op::weight) whole_[id] = used_[from_[id].index];
      if (from_[id].code == op::input) whole_[id] = needed_[id];
      for (int i = 0; i < from_[id].operand_count; ++i)
        if (!whole_[from_.operand(id, i)]) whole_[id] = false;
    }
    for (int const id : from_.losses) needed_[id] = needed_[id] || whole_[id];
    for (added_metric const& m : from_.metrics) needed_[m.node] = needed_[m.node] || whole_[m.node];
    for (state_update const& u : from_.updates) needed_[u.node] = needed_[u.node] || whole_[u.node];
    spread_need();
  }
  constexpr void spread_need() {
    for (int id = from_.size() - 1; id >= 0; --id)
      if (needed_[id])
        for (int i = 0; i < from_[id].operand_count; ++i) needed_[from_.operand(id, i)] = true;
  }

  /// The calls whose results, or those of calls within them, are needed.
  constexpr list<bool> live_calls() const {
    list<bool> live(from_.calls.size(), false);
    for (int i = from_.calls.size() - 1; i >= 0; --i) {
      call_record const& c = from_.calls[i];
      for (int k = 0; k < c.outputs; ++k)
        if (needed_[from_.call_values[c.first_value + c.inputs + k]]) live[i] = true;
      for (int k = i + 1; k < c.end; ++k) live[i] = live[i] || live[k];
    }
    return live;
  }
  constexpr void find_used() {
    list<bool> const live = live_calls();
    list<bool> called(from_.layers.size(), false);
    for (int i = 0; i < live.size(); ++i)
      if (live[i]) called[from_.calls[i].layer] = true;
    for (int i = 0; i < from_.weights.size(); ++i) {
      int owner = -1;  // the innermost layer that has it
      for (int l = 0; l < called.size(); ++l)
        if (from_.layers[l].first_weight <= i && i < from_.layers[l].weights_end) owner = l;
      used_.push_back(owner >= 0 ? called[owner] : from_.weights[i].state);
    }
    for (int id = 0; id < from_.size(); ++id)
      if (needed_[id] && from_[id].code == op::weight) used_[from_[id].index] = true;
  }

  /// Whether none was there.
  constexpr bool make_weights(list<int>& weights) {
    bool known = false;
    first_weight_ = to_.weights.size();
    for (int i = 0; i < used_.size(); ++i) {
      if (!used_[i]) continue;
      weight_info w = from_.weights[i];
      w.path = below(w.path);
      for (int k = 0; to_.again && weights[i] < 0 && k < to_.weights.size(); ++k)
        if (to_.weights[k].path == w.path) weights[i] = k;
      known = known || weights[i] >= 0;
      if (weights[i] >= 0) continue;
      weights[i] = to_.weights.size();
      to_.weights.push_back(w);
    }
    return !known;
  }
  constexpr void make_inputs(list<symbol> const& given) {
    inputs_.resize(from_.inputs.size(), -1);
    for (int i = 0; i < given.size(); ++i) inputs_[i] = given[i].id();
    if (!given.empty()) return;
    for (int id = 0; id < from_.size(); ++id) {
      node const& n = from_[id];
      if (n.code != op::input || !needed_[id]) continue;
      input_info const& in = from_.inputs[n.index];
      inputs_[n.index] = build::input(to_, in.name.view(), in.shape, in.type, in.per_sample).id();
    }
  }

  /// A node whose operands are those of these names.
  constexpr int copy(int id, list<int> const& weights, list<int> const& names) {
    node n = from_[id];
    if (n.code == op::input) return inputs_[n.index];
    list<int> operands;
    for (int i = 0; i < n.operand_count; ++i) operands.push_back(names[from_.operand(id, i)]);
    if (is_control(n.code)) {
      int const first = to_.regions.size();
      int const copied = copy_node(from_, id, to_, operands.begin());
      for (int i = first; i < to_.regions.size(); ++i) move_streams(to_.regions[i]);
      return copied;
    }
    if (n.code != op::weight && n.code != op::random_uniform)
      return copy_node(from_, id, to_, operands.begin());
    n.index = n.code == op::weight ? weights[n.index] : n.index + to_.random_streams;
    return to_.add(n, nullptr, 0);
  }
  /// Random numbers of a region are others than those that the graph has already.
  constexpr void move_streams(graph& region) const {
    if (to_.random_streams == 0) return;
    for (node& n : region.nodes)
      if (n.code == op::random_uniform) n.index += to_.random_streams;
    for (graph& inner : region.regions) move_streams(inner);
  }

  /// What a state is after the step; if it has been called before, then that goes on from what it
  /// is after that call.
  constexpr void update(state_update const& u, list<int> const& weights) {
    for (state_update& known : to_.updates) {
      if (known.weight != weights[u.weight]) continue;
      list<int> names = names_;
      list<bool> changed(from_.size(), false);
      for (int id = 0; id <= u.node; ++id) {
        node const& n = from_[id];
        if (n.code == op::weight && n.index == u.weight) {
          changed[id] = true;
          names[id] = known.node;
        }
        if (!needed_[id]) continue;
        for (int i = 0; i < n.operand_count; ++i)
          changed[id] = changed[id] || changed[from_.operand(id, i)];
        if (changed[id] && n.operand_count > 0) names[id] = copy(id, weights, names);
      }
      known.node = names[u.node];
      return;
    }
    to_.updates.push_back({weights[u.weight], names_[u.node]});
  }

  constexpr name_text below(name_text const& path) const {
    name_text all = to_.scope.path;
    if (!all.empty()) all.append('/');
    return all.append(path);
  }

  /// The calls that are needed, and their layers, which compute the nodes from `first_node` on.
  constexpr void copy_calls(list<int> const& weights, bool first, int first_node) {
    list<bool> const live = live_calls();
    list<int> layers(from_.layers.size(), -1);
    for (int i = 0; i < live.size(); ++i)
      if (live[i]) layers[from_.calls[i].layer] = 0;
    for (int i = 0; i < layers.size(); ++i)
      if (layers[i] == 0) layers[i] = layer_of(from_.layers[i], weights, first);
    list<int> numbers(live.size() + 1, 0);
    for (int i = 0, next = to_.calls.size(); i < numbers.size(); ++i) {
      numbers[i] = next;
      if (i < live.size() && live[i]) ++next;
    }
    for (int i = 0; i < live.size(); ++i) {
      if (!live[i]) continue;
      call_record c = from_.calls[i];
      int const* const values = &from_.call_values[c.first_value];
      c.layer = layers[c.layer];
      c.depth += to_.layer_depth;
      c.end = numbers[c.end];
      c.first_value = to_.call_values.size();
      int const inputs = copy_values(values, c.inputs);
      c.outputs = copy_values(values + c.inputs, c.outputs);
      c.partial = c.partial || c.outputs < from_.calls[i].outputs;
      c.inputs = inputs;
      to_.calls.push_back(c);
    }
    for (int id = 0; id < names_.size(); ++id)
      if (names_[id] >= first_node) {
        int const layer = from_[id].layer;
        to_.nodes[names_[id]].layer = layer < 0 || layers[layer] < 0 ? to_.layer : layers[layer];
      }
  }
  /// Those that are there; how many they are.
  constexpr int copy_values(int const* values, int count) {
    int const before = to_.call_values.size();
    for (int k = 0; k < count; ++k)
      if (names_[values[k]] >= 0) to_.call_values.push_back(names_[values[k]]);
    return to_.call_values.size() - before;
  }
  constexpr int layer_of(layer_record r, list<int> const& weights, bool first) {
    r.scope.path = below(r.scope.path);
    if (!first)
      for (int i = 0; i < to_.layers.size(); ++i)
        if (to_.layers[i].scope.path == r.scope.path) return i;
    int begin = 0;
    int count = 0;
    for (int i = 0; i < r.weights_end; ++i)
      if (weights[i] >= first_weight_) ++(i < r.first_weight ? begin : count);
    r.first_weight = first_weight_ + begin;
    r.weights_end = r.first_weight + count;
    r.depth += to_.layer_depth;
    to_.layers.push_back(r);
    return to_.layers.size() - 1;
  }

  graph const& from_;
  graph& to_;
  bool again_;
  list<bool> needed_, whole_;  ///< per node: needed; reads no weight and input but those there
  list<bool> used_;            ///< per weight
  list<int> inputs_, names_;   ///< per input and per node of from_: the node in to_
  int first_weight_ = 0;
};

}  // namespace typegrad::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/list.hpp>
#include <typegrad/ops/region.hpp>

#include <string_view>

// Taking part of a traced model over into another graph: what the wanted values need, with the
// weights, the penalties, the layers and the states that belong to it, and nothing else.
namespace typegrad::detail {

/// Copies part of a graph to the end of another one, below the layer that is being called there.
class graft {
 public:
  /// `first`: whether it is the first time that this part is taken over by its owner.
  constexpr graft(graph const& from, graph& to, bool first) : from_{from}, to_{to}, first_{first} {}

  /// The wanted nodes in the new graph. `inputs`: what stands for the inputs of `from`; if empty,
  /// those that are needed are made. `weights`: per weight of `from`, its position in the new
  /// graph; -1 for those that are not there yet, which are made if they are needed.
  constexpr list<int> run(list<int> const& wanted, list<symbol> const& inputs, list<int>& weights) {
    find_needed(wanted);
    weights.resize(from_.weights.size(), -1);
    make_weights(weights);
    make_inputs(inputs);
    names_.resize(from_.size(), -1);
    for (int id = 0; id < from_.size(); ++id)
      if (needed_[id]) names_[id] = copy(id, weights);
    to_.random_streams += from_.random_streams;
    for (int const id : from_.losses)
      if (whole_[id]) to_.losses.push_back(names_[id]);
    for (added_metric const& m : from_.metrics)
      if (whole_[m.node] && first_) to_.metrics.push_back({m.name, names_[m.node]});
    for (state_update const& u : from_.updates)
      if (weights[u.weight] >= 0 && whole_[u.node]) update(weights[u.weight], names_[u.node]);
    copy_calls(weights);
    list<int> out;
    for (int const id : wanted) out.push_back(names_[id]);
    return out;
  }

 private:
  /// What is needed for the wanted values, and what layers keep beside them: their losses, metrics
  /// and updates, if these read nothing else.
  constexpr void find_needed(list<int> const& wanted) {
    needed_.resize(from_.size(), false);
    for (int const id : wanted) needed_[id] = true;
    spread_need();
    find_live_calls();
    find_used_weights();
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

  /// The calls of which a result, or one of a call within them, is needed.
  constexpr void find_live_calls() {
    live_.resize(from_.calls.size(), false);
    for (int i = from_.calls.size() - 1; i >= 0; --i) {
      call_record const& c = from_.calls[i];
      for (int k = 0; k < c.outputs; ++k)
        if (needed_[from_.call_values[c.first_value + c.inputs + k]]) live_[i] = true;
      for (int k = i + 1; k < c.end; ++k) live_[i] = live_[i] || live_[k];
    }
  }
  /// The weights that are read, and the others of the same layers: what a layer has is the same in
  /// training, where moving averages are not read, and otherwise.
  constexpr void find_used_weights() {
    used_.resize(from_.weights.size(), false);
    list<int> owners(used_.size(),
                     -1);  // the innermost layer, which is the last of those around it
    for (int i = 0; i < from_.layers.size(); ++i)
      for (int k = from_.layers[i].first_weight; k < from_.layers[i].weights_end; ++k)
        owners[k] = i;
    list<bool> live(from_.layers.size(), false);
    for (int i = 0; i < live_.size(); ++i)
      if (live_[i]) live[from_.calls[i].layer] = true;
    for (int i = 0; i < used_.size(); ++i) used_[i] = owners[i] >= 0 && live[owners[i]];
    for (int id = 0; id < from_.size(); ++id)
      if (needed_[id] && from_[id].code == op::weight) used_[from_[id].index] = true;
  }

  constexpr void make_weights(list<int>& weights) {
    first_weight_ = to_.weights.size();
    for (int i = 0; i < used_.size(); ++i) {
      if (!used_[i] || weights[i] >= 0) continue;
      weight_info w = from_.weights[i];
      w.path = below(w.path);
      weights[i] = to_.weights.size();
      to_.weights.push_back(w);
    }
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

  constexpr int copy(int id, list<int> const& weights) {
    node n = from_[id];
    if (n.code == op::input) return inputs_[n.index];
    list<int> operands;
    for (int i = 0; i < n.operand_count; ++i) operands.push_back(names_[from_.operand(id, i)]);
    if (is_control(n.code)) {
      int const first = to_.regions.size();
      int const copied = copy_node(from_, id, to_, operands.begin());
      for (int i = first; i < to_.regions.size(); ++i) move_streams(to_.regions[i]);
      return copied;
    }
    if (n.code != op::weight && n.code != op::random_uniform)
      return copy_node(from_, id, to_, operands.begin());
    if (n.code == op::weight)
      for (state_update const& u : to_.updates)  // of an earlier call in the same step
        if (u.weight == weights[n.index]) return u.node;
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

  constexpr name_text below(name_text const& path) const {
    name_text all = to_.scope.path;
    if (!all.empty()) all.append('/');
    return all.append(path);
  }

  /// The calls that are taken over, and their layers.
  constexpr void copy_calls(list<int> const& weights) {
    list<int> layers(from_.layers.size(), -1);
    for (int i = 0; i < live_.size(); ++i)
      if (live_[i]) layers[from_.calls[i].layer] = 0;
    for (int i = 0; i < layers.size(); ++i)
      if (layers[i] == 0) layers[i] = layer_of(from_.layers[i], weights);
    list<int> numbers(live_.size() + 1, 0);
    for (int i = 0, next = to_.calls.size(); i < numbers.size(); ++i) {
      numbers[i] = next;
      if (i < live_.size() && live_[i]) ++next;
    }
    for (int i = 0; i < live_.size(); ++i) {
      if (!live_[i]) continue;
      call_record c = from_.calls[i];
      int const values = c.first_value;
      c.layer = layers[c.layer];
      c.depth += to_.layer_depth;
      c.end = numbers[c.end];
      c.first_value = to_.call_values.size();
      for (int k = 0; k < c.inputs + c.outputs; ++k)
        to_.call_values.push_back(names_[from_.call_values[values + k]]);
      to_.calls.push_back(c);
    }
  }
  constexpr int layer_of(layer_record r, list<int> const& weights) {
    r.scope.path = below(r.scope.path);
    if (!first_)
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

  constexpr void update(int weight, int node) {
    for (state_update& u : to_.updates)
      if (u.weight == weight) return void(u.node = node);
    to_.updates.push_back({weight, node});
  }

  graph const& from_;
  graph& to_;
  bool first_;
  list<bool> needed_, whole_;  ///< per node: needed; reads no weight and input but those taken over
  list<bool> live_, used_;     ///< per call and per weight: taken over
  list<int> inputs_, names_;   ///< per input and per node of from_: the node in to_
  int first_weight_ = 0;
};

}  // namespace typegrad::detail

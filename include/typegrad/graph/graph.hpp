// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/list.hpp>
#include <typegrad/graph/node.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

namespace typegrad {

namespace detail {

/// Whether `path` is that of a layer, or of something within it; every path is within "".
constexpr bool is_within(std::string_view path, std::string_view layer) {
  return layer.empty() ||
         (path.starts_with(layer) && (path.size() == layer.size() || path[layer.size()] == '/'));
}

}  // namespace detail

/// Where tracing stands: the names of the layers being called, from the outside in.
struct layer_scope {
  name_text path;         ///< "block_1/dense", empty outside of layers
  name_text description;  ///< how a diagnosis calls it: "layer 1, dense"
};

/// The value that a state has after a step of training.
struct state_update {
  int weight = 0;  ///< position among the graph's weights
  int node = 0;    ///< a shared value of its extents
};

class config_writer;

/// A layer that was called, for summaries: in the order of the first calls, outer layers first.
struct layer_record {
  layer_scope scope;
  name_text class_name;  ///< "dense"
  extents output;        ///< of the first call
  int depth = 0;         ///< 0 for the layers of the model itself, 1 for layers within them, ...
  int first_weight = 0;  ///< its weights, those of layers within it included: positions among the
  int weights_end = 0;   ///< graph's weights from `first_weight` up to, without, `weights_end`
  void (*keras_config)(config_writer&) = nullptr;  ///< what it is in Keras, if it tells
};

/// A call of a layer: what it read and what it gave, `inputs` and then `outputs` entries of the
/// graph's list of call values from `first_value` on. Calls within it are those behind it, up to
/// `end`.
struct call_record {
  int layer = 0;  ///< position among the graph's layers
  int depth = 0;  ///< as in layer_record
  int end = 0;
  int first_value = 0;
  int inputs = 0;
  int outputs = 0;
  bool partial = false;  ///< some of what it gave is not in this graph
};

/// What a layer measures (`layer::add_metric`): a value per sample, or a shared one.
struct added_metric {
  name_text name;
  int node = 0;
};

/// A graph of values in topological order: flat lists, no pointers between nodes. It is built by
/// tracing (symbol.hpp) or node by node, during constant evaluation or at run time. Equal nodes
/// are the same node.
class graph {
 public:
  list<node> nodes;
  list<int> operands;
  list<attribute> attributes;
  list<weight_info> weights;
  list<input_info> inputs;
  list<int> outputs;
  /// Of a region: per output, how many such parts it is one of, as for inputs; empty if none is.
  list<std::int64_t> output_parts;
  list<graph> regions;  ///< sub-graphs of control ops; each belongs to one node

  // What tracing keeps beside the nodes.
  list<name_text> output_names;  ///< of a model's outputs
  diagnosis error;               ///< the first diagnosis; once set, the trace is poisoned
  list<int> losses;              ///< added by layers: a value per sample, or a shared one
  list<added_metric> metrics;    ///< by layers
  list<state_update> updates;    ///< by layers, while training; one at most for a weight
  bool training = false;         ///< dropout and its like are active
  bool trainable = true;         ///< weights made now are trained
  bool chains = false;           ///< who evaluates it runs chains of steps (compiler/chains.hpp)
  int random_streams = 0;        ///< handed out so far
  int parameters = 0;            ///< handed out so far
  layer_scope scope;
  list<layer_record> layers;
  list<call_record> calls;
  list<int> call_values;  ///< nodes
  int layer_depth = 0;    ///< how many layers are being called
  int layer = -1;         ///< the innermost of them, or what a pass works for: see `node`
  bool again = false;     ///< what is traced has been traced here before: its weights are there

  constexpr node const& operator[](int id) const { return nodes[id]; }
  constexpr int size() const { return nodes.size(); }
  constexpr int operand(node const& n, int i) const { return operands[n.first_operand + i]; }
  constexpr int operand(int id, int i) const { return operand(nodes[id], i); }
  constexpr attribute const& attributes_of(int id) const { return attributes[nodes[id].attribute]; }
  constexpr bool failed() const { return !error.empty(); }

  /// Takes over what a rewriting pass leaves as it is in `from`; nodes and what names them are its
  /// own to make.
  constexpr void begin_as(graph const& from) {
    weights = from.weights;
    inputs = from.inputs;
    error = from.error;
    training = from.training;
    chains = from.chains;
    random_streams = from.random_streams;
    parameters = from.parameters;
  }

  /// Keeps the first sentence, with the layer it happened in before it.
  constexpr void fail(diagnosis const& what) {
    if (failed()) return;
    if (!scope.description.empty()) error.append(scope.description).append(": ");
    error.append(what);
  }

  /// Appends a node, or finds its equal, whatever its layer. Returns its position.
  constexpr int add(node n, int const* operand_ids, int count, attribute const* a = nullptr) {
    n.operand_count = count;
    int ids[2] = {count > 0 ? operand_ids[0] : 0, count > 1 ? operand_ids[1] : 0};
    if (count == 2 && is_commutative(n.code) && ids[0] > ids[1]) {
      int const first = ids[0];
      ids[0] = ids[1];
      ids[1] = first;
      operand_ids = ids;
    }
    if (buckets_.empty()) buckets_.resize(256, -1);
    auto const bucket = static_cast<int>(hash(n, operand_ids) & 255U);
    for (int i = buckets_[bucket]; i >= 0; i = chain_[i])
      if (same(i, n, operand_ids, a)) return i;
    if (n.layer < 0) n.layer = layer;
    n.first_operand = operands.size();
    for (int i = 0; i < count; ++i) operands.push_back(operand_ids[i]);
    if (a != nullptr) {
      n.attribute = attributes.size();
      attributes.push_back(*a);
    }
    int const id = nodes.size();
    nodes.push_back(n);
    chain_.push_back(buckets_[bucket]);
    buckets_[bucket] = id;
    return id;
  }

  /// Names within `path` are counted from the beginning again.
  constexpr void forget_names(name_text const& path) {
    for (name_count& n : names_)
      if (detail::is_within(n.scope.view(), path.view())) n.count = -1;
  }

  /// A number that is unique for `name` within the current scope: 0 for the first, 1, 2, ...
  constexpr int count_name(name_text const& name) {
    for (name_count& n : names_)
      if (n.name == name && n.scope == scope.path) return ++n.count;
    names_.push_back({name, scope.path, 0});
    return 0;
  }

 private:
  struct name_count {
    name_text name, scope;
    int count = 0;
  };

  static constexpr std::uint64_t hash(node const& n, int const* ids) {
    auto h = static_cast<std::uint64_t>(n.code) * 0x9e3779b97f4a7c15U;
    for (int i = 0; i < n.operand_count; ++i)
      h = (h ^ static_cast<std::uint64_t>(ids[i])) * 0x100000001b3U;
    h = (h ^ static_cast<std::uint64_t>(n.index)) * 0x100000001b3U;
    h = (h ^ std::bit_cast<std::uint64_t>(n.value)) * 0x9e3779b97f4a7c15U;
    if (n.shape.rank > 0) h ^= static_cast<std::uint64_t>(n.shape.back()) * 0x2545f4914f6cdd1dU;
    return h >> 40;
  }
  constexpr bool same(int id, node const& n, int const* ids, attribute const* a) const {
    node const& m = nodes[id];
    if (m.code != n.code || m.operand_count != n.operand_count || m.index != n.index) return false;
    for (int i = 0; i < n.operand_count; ++i)
      if (operand(m, i) != ids[i]) return false;
    if (m.type != n.type || m.per_sample != n.per_sample || m.region != n.region) return false;
    if (std::bit_cast<std::uint64_t>(m.value) != std::bit_cast<std::uint64_t>(n.value))
      return false;
    if (!(m.shape == n.shape) || (m.attribute >= 0) != (a != nullptr)) return false;
    return a == nullptr || attributes[m.attribute] == *a;
  }

  list<name_count> names_;
  list<int> buckets_;
  list<int> chain_;  ///< the next node of the same bucket
};

}  // namespace typegrad

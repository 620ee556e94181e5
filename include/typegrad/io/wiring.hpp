// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/snapshot.hpp>
#include <typegrad/nn/model.hpp>
#include <typegrad/ops/op_names.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// How the layers of a model are connected: what summaries, drawings and Keras's files tell.

namespace typegrad {

template <class... Layers>
class sequential;

namespace io_detail {

template <class Model>
inline constexpr bool is_sequential = false;
template <class... Layers>
inline constexpr bool is_sequential<sequential<Layers...>> = true;

/// The graph that tells who made a value: that of training, where dropout gives a value of its own.
template <class Model>
struct wiring_recipe {
  static constexpr graph build() { return trace<Model>(true); }
};

/// "batch_normalization" as Keras spells the class, "BatchNormalization"; what begins with a
/// capital letter is spelt so already.
template <int = 0>
std::string keras_class(std::string_view name) {
  std::string out;
  bool upper = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (c == '_') {
      upper = true;
      continue;
    }
    bool const dims = c == 'd' && i > 0 && name[i - 1] >= '1' && name[i - 1] <= '3';
    if ((upper || dims) && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    upper = false;
    out += c;
  }
  return out;
}

/// Who made a value: output `output` of call `call` of a box.
struct source {
  int box = 0;
  int call = 0;
  int output = 0;
};

/// A layer, an input, or an operation between layers.
struct box {
  std::string name, class_name;
  std::string config;                      ///< for files: what `operation` says
  int layer = -1;                          ///< position among the graph's layers
  int node = -1;                           ///< of an input or an operation
  int scope = -1;                          ///< the call that it is within
  std::vector<std::vector<source>> calls;  ///< what each call reads
  std::vector<extents> inputs, outputs;    ///< of the first call
  bool is_input = false;
};

/// An operation between layers, as a box says it. One without a name is no operation of its own:
/// its value is that of its operand.
struct operation {
  std::string name, class_name;
  std::vector<int> operands;  ///< nodes
  std::string config;         ///< for files: what else there is to say
};

/// The boxes of a graph. A class template so that it costs the compiler nothing where it is not
/// used.
template <int = 0>
class wiring {
 public:
  std::vector<box> boxes;  ///< each behind those that it reads first
  std::vector<source> outputs;

  explicit wiring(graph_view const& g) : graph_{g} {}
  virtual ~wiring() = default;

  void run() {
    known_.assign(graph_.nodes.size(), {-1});
    box_of_.assign(graph_.layers.size(), -1);
    for (layer_record const& r : graph_.layers) taken_.push_back(name_of(r));
    for (input_info const& in : graph_.inputs) taken_.emplace_back(in.name.view());
    walk(0, static_cast<int>(graph_.calls.size()), -1);
    for (int const id : graph_.outputs) outputs.push_back(find(id, -1));
    for (int id = 0; id < graph_.size(); ++id)
      if (graph_[id].code == op::input) find(id, -1);
  }

 protected:
  /// Whether a call is a box; otherwise the calls within it are.
  virtual bool is_box(int call) const { return graph_.calls[at(call)].depth == 0; }
  virtual std::string name_of(layer_record const& r) const {
    return std::string(r.scope.path.view());
  }
  /// What a node between layers is.
  virtual operation read(int id, int scope);

  bool made(int id) const { return known_[at(id)].box >= 0; }
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  int value(call_record const& c, int i) const { return graph_.call_values[at(c.first_value + i)]; }

  /// An operation's operands; those which are the same operation of operands are spread out.
  void collect(int id, std::vector<int>& to) const {
    node const& n = graph_[id];
    for (int i = 0; i < n.operand_count; ++i) {
      int const o = graph_.operand(n, i);
      node const& inner = graph_[o];
      if (inner.code == n.code && inner.index == n.index && inner.shape.rank == n.shape.rank &&
          !made(o))
        collect(o, to);
      else
        to.push_back(o);
    }
  }

  /// What a value was before it was broadcast.
  int unbroadcast(int id) const {
    if (graph_[id].code != op::broadcast || made(id)) return id;
    int const o = graph_.operand(id, 0);
    return graph_[o].code == op::reshape && !made(o) ? graph_.operand(o, 0) : o;
  }
  /// Whether no input has a say in a value: a leaf, such as a weight.
  bool is_constant(int id) const {
    return is_leaf(graph_[id].code) && graph_[id].code != op::input;
  }

  graph_view graph_;

 private:
  void walk(int begin, int end, int scope) {
    for (int i = begin; i < end;) {
      call_record const& c = graph_.calls[at(i)];
      if (is_box(i)) {
        add_call(c, scope);
      } else {
        walk(i + 1, c.end, i);
        for (int k = 0; k < c.outputs; ++k) find(value(c, c.inputs + k), i);
      }
      i = c.end;
    }
  }
  void add_call(call_record const& c, int scope) {
    std::vector<source> from;
    for (int k = 0; k < c.inputs; ++k) from.push_back(find(value(c, k), scope));
    int& number = box_of_[at(c.layer)];
    if (number < 0) {
      number = static_cast<int>(boxes.size());
      layer_record const& r = graph_.layers[at(c.layer)];
      box b;
      b.name = own_name(name_of(r));
      b.class_name = std::string(r.class_name.view());
      b.layer = c.layer;
      b.scope = scope;
      for (int k = 0; k < c.inputs; ++k) b.inputs.push_back(graph_[value(c, k)].shape);
      for (int k = 0; k < c.outputs; ++k) b.outputs.push_back(graph_[value(c, c.inputs + k)].shape);
      boxes.push_back(std::move(b));
    }
    boxes[at(number)].calls.push_back(std::move(from));
    int const call = static_cast<int>(boxes[at(number)].calls.size()) - 1;
    for (int k = 0; k < c.outputs; ++k) known_[at(value(c, c.inputs + k))] = {number, call, k};
  }
  source find(int id, int scope) {
    if (made(id)) return known_[at(id)];
    node const& n = graph_[id];
    box b;
    b.node = id;
    b.scope = scope;
    b.outputs.push_back(n.shape);
    if (n.code == op::input) {
      b.name = own_name(std::string(graph_.inputs[at(n.index)].name.view()));
      b.class_name = "InputLayer";
      b.scope = -1;
      b.is_input = true;
    } else {
      operation const o = read(id, scope);
      if (o.name.empty()) return known_[at(id)] = find(o.operands.at(0), scope);
      b.calls.emplace_back();
      for (int const operand : o.operands) {
        b.calls[0].push_back(find(operand, scope));
        b.inputs.push_back(graph_[operand].shape);
      }
      b.name = unique(o.name);
      b.class_name = o.class_name;
      b.config = o.config;
    }
    boxes.push_back(std::move(b));
    return known_[at(id)] = {static_cast<int>(boxes.size()) - 1, 0, 0};
  }

  /// The name, or one made of it if another box has it.
  std::string own_name(std::string const& name) {
    for (box const& other : boxes)
      if (other.name == name) return unique(name);
    return name;
  }
  std::string unique(std::string const& name) {
    std::string out = name;
    for (int i = 1; std::find(taken_.begin(), taken_.end(), out) != taken_.end(); ++i)
      out = name + '_' + std::to_string(i);
    taken_.push_back(out);
    return out;
  }

  std::vector<source> known_;  ///< per node: who made it last
  std::vector<int> box_of_;    ///< per layer
  std::vector<std::string> taken_;
};

template <int N>
operation wiring<N>::read(int id, int) {
  node const& n = graph_[id];
  if (n.code == op::stop_gradient) return {{}, {}, {graph_.operand(n, 0)}, {}};
  if (int const o = unbroadcast(id); o != id && !is_constant(o)) return {{}, {}, {o}, {}};
  operation out;
  std::vector<int> all;
  int const of = n.code == op::result ? graph_.operand(n, 0) : id;
  collect(of, all);
  bool zero = false;
  for (int o : all) {
    o = unbroadcast(o);
    zero = zero || (graph_[o].code == op::constant && graph_[o].value == 0);
    if (!is_constant(o)) out.operands.push_back(o);
  }
  bool const relu = n.code == op::maximum && zero && out.operands.size() == 1;
  out.name = relu ? "relu" : std::string(op_name(graph_[of].code));
  out.class_name = relu ? "ReLU" : keras_class(out.name);
  return out;
}

}  // namespace io_detail
}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
// A model's architecture as a file that Keras reads.
#pragma once

#include <typegrad/inference/predictor.hpp>
#include <typegrad/io/keras_json.hpp>
#include <typegrad/io/wiring.hpp>
#include <typegrad/nn/activations.hpp>
#include <typegrad/nn/layer.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace typegrad {

namespace io_detail {

template <class Model>
struct architecture_recipe {
  static constexpr bool keeps_keras_config = true;
  static constexpr graph build() { return trace<Model>(true); }
};

/// A graph of the same nodes that can be added to; what control ops compute is not in it.
template <int = 0>
graph copy_of(graph_view const& from) {
  graph g;
  for (node n : from.nodes) {
    int const first = n.first_operand;
    attribute const* const a =
        n.attribute < 0 ? nullptr : &from.attributes[static_cast<std::size_t>(n.attribute)];
    n.attribute = -1;
    g.add(n, from.operands.data() + first, n.operand_count, a);
  }
  return g;
}

/// Finds which activation, of which earlier value, a node is: it is tried out, and since equal
/// nodes of a graph are one node, the right one gives this node.
template <int = 0>
class activation_finder {
 public:
  explicit activation_finder(graph_view const& g) : graph_{copy_of(g)} {}

  /// The node that the activation was applied to, or -1; the activation goes to `to`. `ends` tells
  /// of a node whether there is no need to look behind it.
  template <class Ends>
  int find(int id, Ends const& ends, json_config<>& to) {
    std::vector<int> candidates{id};
    std::size_t const most = 40;
    for (std::size_t i = 0; i < candidates.size() && candidates.size() < most; ++i) {
      if (i > 0 && ends(candidates[i])) continue;
      for (int k = 0; k < graph_[candidates[i]].operand_count; ++k) {
        int const o = graph_.operand(candidates[i], k);
        if (std::find(candidates.begin(), candidates.end(), o) == candidates.end())
          candidates.push_back(o);
      }
    }
    for (std::size_t i = 1; i < candidates.size(); ++i) {
      node const n = graph_[candidates[i]];
      if ((is_leaf(n.code) && n.code != op::input) || !is_floating(n.type)) continue;
      if (is_one_of(id, candidates[i], to, relu, relu6, sigmoid, tanh, softmax, log_softmax, silu,
                    leaky_relu, elu, selu, celu, gelu, softplus, softsign, hard_sigmoid,
                    exponential, mish, glu, hard_silu, hard_tanh, hard_shrink, soft_shrink,
                    tanh_shrink, log_sigmoid, sparse_plus, sparse_sigmoid, sparsemax, squareplus))
        return candidates[i];
      for (int axis = 0; axis < n.shape.rank; ++axis)
        if (is_one_of(id, candidates[i], to, softmax(axis))) return candidates[i];
      for (int const c : candidates) {
        if (graph_[c].code != op::constant) continue;
        auto const value = static_cast<float>(graph_[c].value);
        if (is_one_of(id, candidates[i], to, leaky_relu(value), elu(value),
                      relu(activations::relu{.max_value = value})))
          return candidates[i];
      }
    }
    return -1;
  }

 private:
  template <class... Activations>
  bool is_one_of(int id, int of, json_config<>& to, Activations const&... each) {
    return (is(id, of, to, each) || ...);
  }
  template <class Activation>
  bool is(int id, int of, json_config<>& to, Activation const& f) {
    symbol const y = f(symbol{graph_, of});
    graph_.error = {};
    if (!y.valid() || y.id() != id) return false;
    to.layer("Activation");
    detail::write_activation(to, f);
    return to.problem.empty();
  }

  graph graph_;
};

/// The model as a Functional of Keras: its layers, those within layers of one's own too, and what
/// is computed between them as Keras's layers for it.
template <int = 0>
class architecture : public wiring<> {
 public:
  explicit architecture(graph_view const& g) : wiring<>{g}, activations_{g} {}

  std::string json(std::string_view model_name) {
    this->run();
    check();
    std::string out =
        "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", "
        "\"config\": {\"name\": " +
        json_text(model_name) + ", \"trainable\": true, \"layers\": [";
    for (std::size_t i = 0; i < this->boxes.size(); ++i)
      out += (i == 0 ? "\n" : ",\n") + layer_json(this->boxes[i]);
    std::vector<source> inputs(view().inputs.size());
    for (std::size_t i = 0; i < this->boxes.size(); ++i)
      if (this->boxes[i].is_input)
        inputs[this->at(view()[this->boxes[i].node].index)] = {static_cast<int>(i), 0, 0};
    out += "],\n\"input_layers\": " + ends(inputs) + ", \"output_layers\": " + ends(this->outputs);
    return out + "}, \"registered_name\": \"Functional\"}\n";
  }

 protected:
  bool is_box(int call) const override {
    return view().layers[this->at(view().calls[this->at(call)].layer)].keras_config != nullptr;
  }
  std::string name_of(layer_record const& r) const override {
    std::string name(r.scope.path.view());
    std::replace(name.begin(), name.end(), '/', '_');
    return name;
  }
  operation read(int id, int scope) override {
    node const& n = view()[id];
    json_config<> config;
    auto const is = [&](char const* name, std::vector<int> operands) {
      return operation{name, config.class_name, std::move(operands), config.config};
    };
    auto const ends = [this](int o) { return this->made(o); };
    if (n.code == op::weight) fail(scope, "reads the weight ", path_of(n), " itself", of_weights);
    if (int const x = activations_.find(id, ends, config); x >= 0)
      return is(config.has("activation") ? activation_name(config).c_str() : "activation", {x});
    config = {};
    int const x = n.operand_count > 0 ? view().operand(n, 0) : -1;
    std::vector<int> all;
    switch (n.code) {
      case op::concatenate:
        this->collect(id, all);
        config.layer("Concatenate");
        config.integer("axis", n.index + 1);
        return is("concatenate", all);
      case op::reshape:
        config.layer(n.shape.rank == 1 ? "Flatten" : "Reshape");
        if (n.shape.rank != 1) config.integers("target_shape", n.shape.begin(), n.shape.rank, 0);
        return is(n.shape.rank == 1 ? "flatten" : "reshape", {x});
      case op::transpose: {
        config.layer("Permute");
        axis_list const& axes = view().attributes_of(id).a;
        extents dims;
        for (int i = 0; i < axes.size(); ++i) dims.push_back(axes[i] + 1);
        config.integers("dims", dims.begin(), dims.rank, 0);
        return is("permute", {x});
      }
      case op::negate:
        return rescaling(config, x, -1, 0);
      case op::add:
      case op::subtract:
      case op::multiply:
      case op::divide:
      case op::maximum:
      case op::minimum:
        return arithmetic(id, scope, config);
      default:
        break;
    }
    for (int k = 0; k < n.operand_count; ++k) {
      node const& o = view()[this->unbroadcast(view().operand(n, k))];
      if (o.code == op::weight) fail(scope, "reads the weight ", path_of(o), " itself", of_weights);
    }
    fail(scope, "computes ", op_name(n.code), " of extents ", to_text(n.shape).view(),
         ", for which Keras has no layer; use layers of the library for it");
  }

 private:
  static constexpr char const* of_weights =
      ", so that it is no layer of Keras's; put it together of layers of the library, or have it "
      "say in static void keras_config(config_writer&) which class of Keras it is";

  graph_view const& view() const { return this->graph_; }
  std::string_view path_of(node const& n) const {
    return view().weights[this->at(n.index)].path.view();
  }

  template <class... Pieces>
  [[noreturn]] void fail(int scope, Pieces const&... pieces) const {
    std::string_view who = "the model's call";
    if (scope >= 0)
      who = view().layers[this->at(view().calls[this->at(scope)].layer)].scope.path.view();
    throw std::invalid_argument(data_detail::message("to_json: ", who, ' ', pieces...));
  }

  static std::string activation_name(json_config<> const& c) {
    std::string_view text = c.config;
    text.remove_prefix(text.find(':') + 2);
    if (text.front() != '"') return "activation";
    text.remove_prefix(1);
    return std::string(text.substr(0, text.find('"')));
  }

  operation rescaling(json_config<>& config, int x, double scale, double offset) const {
    config.layer("Rescaling");
    config.number("scale", scale);
    config.number("offset", offset);
    return {"rescaling", config.class_name, {x}, config.config};
  }

  /// An operand of arithmetic: what is broadcast for it, as Keras's merging layers do that as well.
  int operand_of(int id, int scope) const {
    node const& n = view()[id];
    if (n.code != op::broadcast || this->made(id)) return id;
    int const x = view().operand(n, 0);
    node const& from = view()[x];
    if (from.code == op::constant) return x;
    axis_list const& axes = view().attributes_of(id).a;
    extents fits;
    for (int i = 0; i < n.shape.rank; ++i) {
      bool const kept = axes.contains(i);
      if (kept || fits.rank > 0 || n.shape[i] == 1) fits.push_back(kept ? n.shape[i] : 1);
    }
    auto const ends_as = [&](extents const& e) {
      extents all = e;  // without axes of length 1 in front
      int lead = 0;
      while (lead < all.rank && all[lead] == 1) ++lead;
      int skip = 0;
      while (skip < fits.rank && fits[skip] == 1) ++skip;
      if (all.rank - lead != fits.rank - skip || e.rank > n.shape.rank) return false;
      for (int i = 0; i < all.rank - lead; ++i)
        if (all[lead + i] != fits[skip + i]) return false;
      return true;
    };
    if (from.code == op::reshape && !this->made(x) &&
        ends_as(view()[view().operand(from, 0)].shape))
      return view().operand(from, 0);
    if (ends_as(from.shape)) return x;
    fail(scope, "broadcasts extents ", to_text(from.shape).view(), " to ", to_text(n.shape).view(),
         ", for which Keras has no layer; use repeat_vector, up_sampling or reshape");
  }

  operation arithmetic(int id, int scope, json_config<>& config) const {
    node const& n = view()[id];
    op const code = n.code;
    auto const constant_of = [this](int o, double& value) {
      for (; view()[o].code == op::broadcast || view()[o].code == op::cast;)
        o = view().operand(o, 0);
      value = view()[o].value;
      return view()[o].code == op::constant;
    };
    int const a = view().operand(n, 0), b = view().operand(n, 1);
    double value = 0;
    if (constant_of(b, value)) {
      if (code == op::add) return rescaling(config, a, 1, value);
      if (code == op::subtract) return rescaling(config, a, 1, -value);
      if (code == op::multiply) return rescaling(config, a, value, 0);
      if (code == op::divide) return rescaling(config, a, 1 / value, 0);
    } else if (constant_of(a, value)) {
      if (code == op::add) return rescaling(config, b, 1, value);
      if (code == op::subtract) return rescaling(config, b, -1, value);
      if (code == op::multiply) return rescaling(config, b, value, 0);
    }
    std::string_view const name = op_name(code);
    if (code == op::divide || constant_of(a, value) || constant_of(b, value))
      fail(scope, "computes ", name, code == op::divide ? "" : " with a number",
           ", for which Keras has no layer; use layers of the library for it");
    std::vector<int> all{a, b};
    if (code != op::subtract) {
      all.clear();
      this->collect(id, all);
      for (int const o : all)
        if (constant_of(o, value)) all = {a, b};
    }
    for (int& o : all) o = operand_of(o, scope);
    config.layer(name);
    return {std::string(name), config.class_name, all, config.config};
  }

  /// Whether each weight and each layer has a place in what Keras makes of it.
  void check() const {
    std::vector<bool> weights(view().weights.size(), false), read(this->boxes.size(), false);
    for (box const& b : this->boxes)
      for (auto const& call : b.calls)
        for (source const& s : call) read[this->at(s.box)] = true;
    for (source const& s : this->outputs) read[this->at(s.box)] = true;
    for (std::size_t i = 0; i < this->boxes.size(); ++i) {
      box const& b = this->boxes[i];
      if (b.layer < 0) continue;
      layer_record const& r = view().layers[this->at(b.layer)];
      for (int w = r.first_weight; w < r.weights_end; ++w) weights[this->at(w)] = true;
      if (!read[i])
        throw std::invalid_argument(
            data_detail::message("to_json: what ", r.scope.path.view(),
                                 " gives is not used, so that Keras would leave it "
                                 "out; leave it out of the model too, or take a submodel"));
    }
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (!weights[i])
        throw std::invalid_argument(data_detail::message(
            "to_json: the weight ", view().weights[i].path.view(),
            " is of no layer that Keras has; ",
            "its layer may say in static void keras_config(config_writer&) which class of Keras it "
            "is"));
  }

  std::string layer_json(box const& b) const {
    std::string const name = json_text(b.name);
    std::string inbound, config, class_name = b.class_name;
    if (b.is_input) {
      input_info const& in = view().inputs[this->at(view()[b.node].index)];
      config = "\"batch_shape\": " + shape_json(in.shape) + ", \"dtype\": \"" +
               type_name_of(in.type) + "\", \"sparse\": false, \"name\": " + name;
    } else {
      config = "\"name\": " + name;
      if (b.layer >= 0) {
        json_config<> const own = own_config(b, config);
        class_name = own.class_name;
        config += own.config;
      } else {
        config += ", \"dtype\": \"float32\"" + b.config;
      }
    }
    bool const merges =
        b.layer < 0 && (b.calls.size() == 1 && (b.calls[0].size() > 1 || merging(b)));
    for (auto const& call : b.calls) {
      std::string arguments;
      for (source const& s : call) arguments += (arguments.empty() ? "" : ", ") + tensor_json(s);
      if (merges) arguments = '[' + arguments + ']';
      inbound +=
          (inbound.empty() ? "" : ", ") + ("{\"args\": [" + arguments + "], \"kwargs\": {}}");
    }
    std::string out = json_object("layers", class_name, config);
    out.pop_back();
    return out + ", \"name\": " + name + ", \"inbound_nodes\": [" + inbound + "]}";
  }
  static bool merging(box const& b) {
    for (char const* name : {"Add", "Subtract", "Multiply", "Maximum", "Minimum", "Concatenate"})
      if (b.class_name == name) return true;
    return false;
  }

  /// What a layer says of itself, and the initializers and regularizers of its weights.
  json_config<> own_config(box const& b, std::string& head) const {
    layer_record const& r = view().layers[this->at(b.layer)];
    json_config<> own;
    own.output = r.output;
    r.keras_config(own);
    if (!own.problem.empty())
      throw std::invalid_argument(
          data_detail::message("to_json: ", r.scope.path.view(), " has ", own.problem,
                               ": Keras has no such thing by name; use another"));
    bool trainable = false;
    for (int i = r.first_weight; i < r.weights_end; ++i) {
      weight_info const& w = view().weights[this->at(i)];
      trainable = trainable || w.trainable || w.state;
      std::string_view name = w.path.view();
      name.remove_prefix(name.rfind('/') + 1);
      if (own.class_name == "RMSNormalization") continue;
      if (name == "kernel" && own.class_name.starts_with("Depthwise")) name = "depthwise";
      if (name.ends_with("_kernel")) name.remove_suffix(7);
      std::string const key(name);
      if (!own.has(key + "_initializer")) own.start(key + "_initializer", w.initial);
      own.penalty(key + "_regularizer", {w.l1, w.l2});
    }
    if (r.first_weight < r.weights_end)
      head += trainable ? ", \"trainable\": true" : ", \"trainable\": false";
    head += ", \"dtype\": \"float32\"";
    return own;
  }

  static std::string shape_json(extents const& e) {
    std::string out = "[null";
    for (std::int64_t const n : e) out += ", " + std::to_string(n);
    return out + ']';
  }
  static std::string type_name_of(dtype t) {
    return t == dtype::boolean ? "bool" : std::string(std::string_view(to_text(t)));
  }
  std::string history(source const& s) const {
    return '[' + json_text(this->boxes[this->at(s.box)].name) + ", " + std::to_string(s.call) +
           ", " + std::to_string(s.output) + ']';
  }
  std::string tensor_json(source const& s) const {
    box const& b = this->boxes[this->at(s.box)];
    dtype const type = b.is_input ? view()[b.node].type : dtype::float32;
    return "{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": " +
           shape_json(b.outputs[this->at(s.output)]) + ", \"dtype\": \"" + type_name_of(type) +
           "\", \"keras_history\": " + history(s) + "}}";
  }
  std::string ends(std::vector<source> const& all) const {
    if (all.size() == 1) return history(all[0]);
    std::string out = "[";
    for (source const& s : all) out += (out.size() == 1 ? "" : ", ") + history(s);
    return out + ']';
  }

  activation_finder<> activations_;
};

}  // namespace io_detail

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
std::string predictor<Model, Where, Sentence>::to_json() const {
  return io_detail::architecture<>(snapshot<io_detail::architecture_recipe<Model>>::view())
      .json(detail::layer_name_of<Model>.view());
}

}  // namespace typegrad

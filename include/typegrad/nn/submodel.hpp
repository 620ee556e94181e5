// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/batch.hpp>
#include <typegrad/nn/graft.hpp>
#include <typegrad/nn/model.hpp>
#include <typegrad/nn/model_call.hpp>

#include <concepts>
#include <string_view>

namespace typegrad {

namespace detail {

/// The node of an output of a traced model, or of what a layer gives (the first time it is called,
/// unless ":1", ":2", ... behind its path say another time); -1 if there is none.
constexpr int find_value(graph const& g, std::string_view wanted) {
  for (int i = 0; i < g.outputs.size(); ++i)
    if (g.output_names[i].view() == wanted) return g.outputs[i];
  int time = 0;
  if (auto const colon = wanted.rfind(':'); colon != std::string_view::npos) {
    for (char const c : wanted.substr(colon + 1)) {
      if (c < '0' || c > '9' || time > 100'000) return -1;
      time = 10 * time + (c - '0');
    }
    wanted = wanted.substr(0, colon);
  }
  for (call_record const& c : g.calls)
    if (g.layers[c.layer].scope.path.view() == wanted && time-- == 0)
      return c.partial ? -1 : g.call_values[c.first_value + c.inputs];
  return -1;
}

constexpr diagnosis no_such_value(graph const& g, name_text const& model, std::string_view wanted) {
  diagnosis t = sentence("submodel: ", model, " has no output or layer \"", wanted, "\"; it has ");
  int const outputs = g.output_names.size();
  append_names(t, outputs + g.layers.size(), [&](int i) {
    return i < outputs ? g.output_names[i] : g.layers[i - outputs].scope.path;
  });
  return t;
}

}  // namespace detail

/// Part of a model: what its named outputs need, and nothing else. Besides outputs one can name
/// layers by their paths, whose results then are the outputs: `submodel<net, "block_1/conv2d">`.
/// Weights keep their paths, so that `copy_weights` takes them from the whole model. What the named
/// outputs do not need, inputs included, is not there.
/// It is a layer as well, which is called with all that the whole model reads; so does `rebind`
/// name the inputs of the whole model.
template <class Model, fixed_string... Outputs>
class submodel : public layer<submodel<Model, Outputs...>> {
 public:
  using whole_model = Model;
  static constexpr name_text model_name = detail::layer_name_of<Model>;
  static constexpr std::string_view name = model_name.view();
  static constexpr std::int64_t most_samples = static_batch<Model>;

  static constexpr void trace(graph& g) { give(g, of_itself); }

  template <class... Inputs>
  static constexpr void trace_as(graph& g, inputs<Inputs...> const& what,
                                 list<name_text> const& names = {}) {
    give(g, [&](graph& whole) { Model::trace_as(whole, what, names); });
  }

  template <std::convertible_to<symbol>... Rest>
  constexpr auto call(symbol x, Rest... rest) {
    graph& g = x.owner();
    list<int> const ids = part(g, of_itself, {x, rest...}, weights_, called_);
    called_ = true;
    if constexpr (sizeof...(Outputs) == 1) {
      return ids.empty() ? symbol{g, -1} : symbol{g, ids[0]};
    } else {
      output_pack<name_constant<Outputs>...> pack;
      for (int i = 0; i < pack.size; ++i)
        pack.values[static_cast<std::size_t>(i)] = {g, ids.empty() ? -1 : ids[i]};
      return pack;
    }
  }

 private:
  static constexpr auto of_itself = [](graph& whole) {
    if constexpr (model<Model>)
      Model::trace(whole);
    else
      whole.fail(sentence("submodel: ", model_name, " is not a model"));
  };

  template <class Trace>
  static constexpr void give(graph& g, Trace const& trace) {
    if constexpr (sizeof...(Outputs) == 0) {
      g.fail(diagnosis{"submodel: name at least one output or layer"});
    } else {
      list<int> weights;
      list<int> const ids = part(g, trace, {}, weights, false);
      for (int i = 0; i < ids.size(); ++i)
        detail::give_output(g, ids[i], output_pack<name_constant<Outputs>...>::name(i));
    }
  }

  /// The outputs' nodes, after what they need was taken over. `trace` makes the whole model.
  template <class Trace>
  static constexpr list<int> part(graph& g, Trace const& trace, list<symbol> const& given,
                                  list<int>& weights, bool again) {
    graph whole;
    whole.training = g.training;
    whole.trainable = g.trainable;
    trace(whole);
    if (!whole.failed() && !given.empty()) check(g, whole, given);
    list<int> const wanted = find(g, whole);
    if (g.failed()) return {};
    if (whole.training)
      return detail::graft{whole, g, again}.run(wanted, detail::graft::used_weights(whole, wanted),
                                                given, weights);
    graph in_training;
    in_training.training = true;
    in_training.trainable = g.trainable;
    trace(in_training);
    detail::check_same_weights(in_training, detail::weights_number(whole));
    list<int> const wanted_then = find(g, in_training);
    if (g.failed()) return {};
    return detail::graft{whole, g, again}.run(
        wanted, detail::graft::used_weights(in_training, wanted_then), given, weights);
  }
  /// The nodes that the outputs' names mean.
  static constexpr list<int> find(graph& g, graph const& whole) {
    if (whole.failed()) g.fail(whole.error);
    list<int> wanted;
    for (std::string_view const one : {Outputs.view()...}) {
      if (g.failed()) return wanted;
      wanted.push_back(detail::find_value(whole, one));
      if (wanted.back() < 0) g.fail(detail::no_such_value(whole, model_name, one));
    }
    return wanted;
  }
  static constexpr void check(graph& g, graph const& whole, list<symbol> const& given) {
    if (given.size() != whole.inputs.size())
      return g.fail(sentence("needs ", whole.inputs.size(), " symbols, one for each input, got ",
                             given.size()));
    for (int i = 0; i < given.size(); ++i) {
      input_info const& in = whole.inputs[i];
      if (given[i].shape() == in.shape && given[i].type() == in.type) continue;
      return g.fail(sentence("input \"", in.name, "\" needs ", to_text(in.type), " of extents ",
                             to_text(in.shape), ", got ", to_text(given[i].type()), " of extents ",
                             to_text(given[i].shape())));
    }
  }

  list<int> weights_;  ///< per weight of the whole model: which it is in the graph being traced
  bool called_ = false;
};

}  // namespace typegrad

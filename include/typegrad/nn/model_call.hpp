// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/input.hpp>
#include <typegrad/nn/layer.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

// A layer as a model: its inputs are made, it is called, and what it gives are the outputs.
namespace typegrad::detail {

/// Appends an output, which needs a name of its own.
constexpr void give_output(graph& g, int id, name_text const& name) {
  for (name_text const& other : g.output_names)
    if (other == name)
      return g.fail(
          sentence("outputs: two are called \"", name, "\"; each needs a name of its own"));
  g.outputs.push_back(id);
  g.output_names.push_back(name);
}

/// Appends what a model's call gave to the graph's outputs; `alone` is what a single one is called.
template <class Result>
constexpr void give_outputs(graph& g, Result const& result, name_text const& alone = {}) {
  if (g.failed()) return;
  list<int> ids;
  each_output(result, [&](symbol one) {
    if (one.valid()) ids.push_back(one.id());
  });
  for (int i = 0; i < ids.size(); ++i) {
    name_text name = alone.empty() ? name_text{"output"} : alone;
    if constexpr (is_output_pack<Result>) name = Result::name(i);
    give_output(g, ids[i], name);
  }
}

/// The name of a single output that a call with these arguments gives; empty if it has none.
template <class Layer, class... Arguments>
constexpr name_text name_given() {
  if constexpr (requires(Layer& l) { l.call(std::declval<Arguments>()...); })
    return name_text{output_name_of<std::remove_cvref_t<decltype(std::declval<Layer&>().call(
        std::declval<Arguments>()...))>>::type::name};
  else
    return {};
}

struct model_call {
  template <class Layer, class... Inputs>
  static constexpr void run(graph& g, inputs<Inputs...> const& what,
                            list<name_text> const& names = {}) {
    list<symbol> const in = make_inputs(g, what, names);
    if constexpr (!std::is_default_constructible_v<Layer>) {
      g.fail(no_default_constructor<Layer>());
    } else {
      Layer layer;
      if (!g.failed()) run(g, layer, in, std::make_index_sequence<sizeof...(Inputs)>{});
    }
  }

 private:
  template <class Layer, std::size_t... I>
  static constexpr void run(graph& g, Layer& layer, list<symbol> const& in,
                            std::index_sequence<I...>) {
    if constexpr (sizeof...(I) == 0) {
      g.fail(sentence(layer_name_of<Layer>, ": needs at least one input; inputs<> is empty"));
    } else {
      g.scope.description = layer_name_of<Layer>;
      auto const result = layer.run_as_model(g, in[static_cast<int>(I)]...);
      g.scope.description = {};
      give_outputs(g, result, name_given<Layer, decltype(in[static_cast<int>(I)])...>());
    }
  }
};

}  // namespace typegrad::detail

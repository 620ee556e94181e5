// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/input.hpp>
#include <typegrad/nn/model.hpp>
#include <typegrad/nn/submodel.hpp>

namespace typegrad {

namespace detail {

template <class... Inputs>
constexpr list<name_text> names_of(inputs<Inputs...>) {
  list<name_text> names;
  (names.push_back(name_text{given_name<Inputs>()}), ...);
  return names;
}

/// The names of the inputs that a model declares; none where there are none.
template <class Model>
constexpr list<name_text> declared_names() {
  if constexpr (requires { typename Model::inputs; })
    return names_of(typename Model::inputs{});
  else if constexpr (requires { typename Model::inputs_type; })
    return names_of(typename Model::inputs_type{});
  else
    return {};
}

}  // namespace detail

/// A model that reads other inputs, as many: `rebind<net, input<64, 64, 3>>`. Its weights have the
/// same paths, and, as long as its layers do not depend on the extents that change, the same
/// extents: `copy_weights` takes over what was trained at another size. An input without a name has
/// that of the one in whose place it stands.
template <class Model, class... Inputs>
struct rebind : layer<rebind<Model, Inputs...>> {
  static constexpr name_text model_name = detail::layer_name_of<Model>;
  static constexpr std::string_view name = model_name.view();

  static constexpr void trace(graph& g) {
    if constexpr (requires { Model::trace_as(g, typegrad::inputs<Inputs...>{}, {}); })
      Model::trace_as(g, typegrad::inputs<Inputs...>{}, detail::declared_names<Model>());
    else
      g.fail(sentence("rebind: ", model_name, " cannot read ", static_cast<int>(sizeof...(Inputs)),
                      " inputs"));
  }
};

}  // namespace typegrad

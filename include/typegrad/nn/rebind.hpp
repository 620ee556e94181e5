// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/batch.hpp>
#include <typegrad/nn/input.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/model.hpp>

#include <cstdint>
#include <string_view>

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
  if constexpr (has_inputs<Model>)
    return names_of(typename Model::inputs{});
  else if constexpr (requires { typename Model::inputs_type; })
    return names_of(typename Model::inputs_type{});
  else if constexpr (requires { typename Model::whole_model; })
    return declared_names<typename Model::whole_model>();
  else
    return {};
}

}  // namespace detail

namespace detail {

template <class Model, std::int64_t Batch, class Inputs>
struct rebound;
template <class Model, std::int64_t Batch, class... Inputs>
struct rebound<Model, Batch, inputs<Inputs...>> {
  static constexpr std::int64_t most_samples = Batch;
  static constexpr name_text model_name = layer_name_of<Model>;
  static constexpr std::string_view name = model_name.view();

  static constexpr void trace(graph& g) {
    if constexpr (!model<Model>)
      g.fail(sentence("rebind: ", model_name, " is not a model"));
    else if constexpr (Batch < 0 || (Batch == 0 && sizeof...(Inputs) == 0))
      g.fail(sentence("rebind: needs inputs or a batch of at least 1"));
    else if constexpr (sizeof...(Inputs) == 0)
      Model::trace(g);
    else if constexpr (requires { Model::trace_as(g, inputs<Inputs...>{}, list<name_text>{}); })
      Model::trace_as(g, inputs<Inputs...>{}, declared_names<Model>());
    else
      g.fail(sentence("rebind: ", model_name, " cannot read ", static_cast<int>(sizeof...(Inputs)),
                      sizeof...(Inputs) == 1 ? " input" : " inputs"));
  }
};

}  // namespace detail

/// A model that reads other inputs, as many: `rebind<net, input<64, 64, 3>>`. Its weights have the
/// same paths, and, as long as its layers do not depend on the extents that change, the same
/// extents: `copy_weights` takes over what was trained at another size. An input without a name has
/// that of the one in whose place it stands.
/// With `batch<N>` as the first argument, alone or before inputs, the model sees N samples at a
/// time at most: its memory is a constant (`arena_bytes<rebind<net, batch<8>>>`), which is taken
/// when the model is made and never again.
template <class Model, class... Inputs>
struct rebind : detail::rebound<Model, static_batch<Model>, inputs<Inputs...>> {};
template <class Model, std::int64_t N, class... Inputs>
struct rebind<Model, batch<N>, Inputs...>
    : detail::rebound<Model, (N > 0 ? N : -1), inputs<Inputs...>> {};

}  // namespace typegrad

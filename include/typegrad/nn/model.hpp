// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/diagnosis.hpp>
#include <typegrad/core/type_name.hpp>
#include <typegrad/graph/graph.hpp>
#include <typegrad/nn/outputs.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace typegrad {

/// A type that can be traced: `static constexpr void trace(graph&)` declares inputs, calls layers,
/// and appends the values it gives to the graph's outputs.
template <class M>
concept model = requires(graph& g) { M::trace(g); };

namespace detail {

struct not_a_model {
  static constexpr void trace(graph& g) {
    g.fail(diagnosis{"not a model: it has no trace; sequential<input<...>, ...> is one"});
  }
};

/// What is known of a model once it has been traced. A wrong one has a sentence and nothing else.
struct model_facts {
  diagnosis sentence;
  std::int64_t parameters = 0;
  std::int64_t trainable_parameters = 0;
  extents input, output;  ///< of the first input and the first output
  int inputs = 0;
  int outputs = 0;
  int metrics = 0;            ///< added by layers
  std::uint64_t weights = 0;  ///< a number for their paths and extents
  int nodes = 0;
  int layers = 0;  ///< that are called, those within others included
};

}  // namespace detail

namespace detail {

template <class M>
constexpr graph trace_now(bool training) {
  graph g;
  g.training = training;
  if constexpr (model<M>)
    M::trace(g);
  else
    not_a_model::trace(g);
  if (!g.failed() && g.outputs.empty()) g.fail(diagnosis{"the model has no output"});
  for (int i = g.output_names.size(); i < g.outputs.size(); ++i)
    g.output_names.push_back(g.outputs.size() == 1 ? name_text{"output"}
                                                   : numbered_name("output", i));
  if (!g.failed()) return g;
  graph empty;
  empty.training = training;
  empty.error = g.error;
  return empty;
}

/// A number for the weights' paths and extents, the same for the same.
constexpr std::uint64_t weights_number(graph const& g) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  auto const add = [&hash](std::uint64_t x) { hash = (hash ^ x) * 0x100000001b3U; };
  for (weight_info const& w : g.weights) {
    for (char const c : w.path.view()) add(static_cast<unsigned char>(c));
    add(static_cast<std::uint64_t>(w.shape.rank));
    for (std::int64_t const n : w.shape) add(static_cast<std::uint64_t>(n));
  }
  return hash;
}

/// The diagnosis if a model has other weights in this trace than `known`.
constexpr void check_same_weights(graph& g, std::uint64_t known) {
  if (!g.failed() && weights_number(g) != known)
    g.fail(
        diagnosis{"the model has other weights in training than outside of it; call every layer, "
                  "and read every weight, in both"});
}

template <class M>
constexpr model_facts facts_now(bool training) {
  graph const g = trace_now<M>(training);
  model_facts f;
  f.sentence = g.error;
  f.inputs = g.inputs.size();
  f.outputs = g.outputs.size();
  f.metrics = g.metrics.size();
  f.layers = g.layers.size();
  f.weights = weights_number(g);
  f.nodes = g.size();
  if (!g.inputs.empty()) f.input = g.inputs[0].shape;
  if (!g.outputs.empty()) f.output = g[g.outputs[0]].shape;
  for (weight_info const& w : g.weights) {
    f.parameters += w.shape.count();
    if (w.trainable) f.trainable_parameters += w.shape.count();
  }
  return f;
}

/// Whether tracing M is a constant expression: it is not if a `call` lacks its `constexpr`.
template <class M>
concept constant_trace = requires { typename std::bool_constant<(facts_now<M>(false), true)>; };

/// What a diagnosis calls the part of M that cannot be traced while compiling.
template <class M>
struct part_without_constexpr {
  static constexpr name_text name() { return type_name<M>(); }
};

/// The flags that let the compiler compute for longer in a constant expression.
#if defined(__NVCC__)
constexpr std::string_view flags_for_more =
    is_front_end_of_nvcc
        ? "-Xcudafe --max_cost_constexpr_call=2000000000"
        : "-Xcompiler=-fconstexpr-ops-limit=2147483647,-fconstexpr-loop-limit=16777216";
#elif defined(__clang__)
inline constexpr std::string_view flags_for_more = "-fconstexpr-steps=2147483647";
#else
inline constexpr std::string_view flags_for_more =
    "-fconstexpr-ops-limit=2147483647 -fconstexpr-loop-limit=16777216";
#endif

template <class M>
constexpr diagnosis no_constant_trace() {
  return sentence(part_without_constexpr<M>::name(),
                  ": build and call, and what they use, must be constexpr and know nothing of run "
                  "time; if they "
                  "do, the compiler needs ",
                  flags_for_more);
}

}  // namespace detail

/// The graph of M, for training or not. Empty but for its `error` if M is wrong.
template <class M>
constexpr graph trace(bool training = false) {
  if (std::is_constant_evaluated()) {
    if constexpr (!detail::constant_trace<M>) {
      graph empty;
      empty.error = detail::no_constant_trace<M>();
      return empty;
    } else {
      return detail::trace_now<M>(training);
    }
  }
  return detail::trace_now<M>(training);
}

/// M traced once, for training or not: the facts that one can ask for while compiling.
template <class M, bool Training = false>
struct traced {
  static constexpr detail::model_facts facts = [] {
    if constexpr (detail::constant_trace<M>) {
      return detail::facts_now<M>(Training);
    } else {
      detail::model_facts f;
      f.sentence = detail::no_constant_trace<M>();
      return f;
    }
  }();
  static constexpr diagnosis sentence() { return facts.sentence; }
};

/// An output of a model: what one sample has.
struct output_info {
  name_text name;
  extents shape;
  dtype type = dtype::float32;
};

/// What a model reads and gives, one by one.
template <class M>
struct model_ports {
  static constexpr auto const& facts = traced<M>::facts;
  std::array<input_info, std::size_t(facts.inputs)> inputs;
  std::array<output_info, std::size_t(facts.outputs)> outputs;
};
template <class M>
inline constexpr model_ports<M> ports_of = [] {
  model_ports<M> p{};
  if (!traced<M>::facts.sentence.empty()) return p;
  graph const g = detail::trace_now<M>(false);
  for (int i = 0; i < g.inputs.size(); ++i) p.inputs[std::size_t(i)] = g.inputs[i];
  for (int i = 0; i < g.outputs.size(); ++i)
    p.outputs[std::size_t(i)] = {g.output_names[i], g[g.outputs[i]].shape, g[g.outputs[i]].type};
  return p;
}();

/// What is wrong with M, as a template argument; see core/diagnosis.hpp.
template <class M>
inline constexpr auto diagnosis_of = say<traced<M>>();

namespace detail {

template <class Model, bool Input, std::size_t... I>
auto shape_of(std::index_sequence<I...>)
    -> shape<(Input ? traced<Model>::facts.input : traced<Model>::facts.output).dims[I]...>;

/// Has members only for a model that nothing is wrong with.
template <auto Sentence, class M>
struct checked {};

template <class M>
struct checked<said<1>{}, M> {
  static constexpr auto const& facts = traced<M>::facts;
  static constexpr std::int64_t parameter_count = facts.parameters;
  static constexpr std::int64_t trainable_parameter_count = facts.trainable_parameters;
  using input_shape =
      decltype(shape_of<M, true>(std::make_index_sequence<std::size_t(facts.input.rank)>{}));
  using output_shape =
      decltype(shape_of<M, false>(std::make_index_sequence<std::size_t(facts.output.rank)>{}));
};

}  // namespace detail

/// The number of M's weights' elements, state (such as moving averages) included.
template <class M, auto Sentence = diagnosis_of<M>>
requires(correct(Sentence))
inline constexpr auto parameter_count = detail::checked<Sentence, M>::parameter_count;

/// The number of those that training changes.
template <class M, auto Sentence = diagnosis_of<M>>
requires(correct(Sentence))
inline constexpr auto trainable_parameter_count =
    detail::checked<Sentence, M>::trainable_parameter_count;

/// The extents of one sample of M's (first) input, as a type.
template <class M, auto Sentence = diagnosis_of<M>>
requires(correct(Sentence))
using input_shape = typename detail::checked<Sentence, M>::input_shape;

/// The extents of one sample of M's (first) output, as a type.
template <class M, auto Sentence = diagnosis_of<M>>
requires(correct(Sentence))
using output_shape = typename detail::checked<Sentence, M>::output_shape;

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/initializers.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/regularizers.hpp>
#include <typegrad/ops/gather.hpp>

namespace typegrad {

namespace options {

struct embeddings_initializer {
  static constexpr std::string_view name = "embeddings_initializer";
};
struct embeddings_regularizer {
  static constexpr std::string_view name = "embeddings_regularizer";
};

}  // namespace options

constexpr option<options::embeddings_initializer, initializer> embeddings_initializer(
    initializer i) {
  return {i};
}
constexpr option<options::embeddings_regularizer, regularizer> embeddings_regularizer(
    regularizer r) {
  return {r};
}

namespace detail {

/// An option of `embedding`: an initializer or a regularizer that says no more is the table's.
template <class Option>
constexpr auto of_embeddings(Option const& given) {
  if constexpr (std::same_as<Option, regularizer>)
    return embeddings_regularizer(given);
  else if constexpr (std::convertible_to<Option, initializer> &&
                     !requires { typename Option::option_tag; })
    return embeddings_initializer(given);
  else
    return given;
}

}  // namespace detail

/// A vector of OutputDim numbers for each number from 0 to InputDim - 1: extents [...] become
/// [..., OutputDim]. Inputs are integers, as of input<10, dtype::int32>; fractions are cut off, as
/// Keras does. A number below 0 counts from the end, one beyond the ends means the last vector
/// there, as for `gather`; Keras on a CPU raises an error.
/// Weight: embeddings [InputDim, OutputDim]. Options: embeddings_initializer(...) (uniform in
/// [-0.05, 0.05) unless told), embeddings_regularizer(...); an initializer or a regularizer by
/// itself is the same.
template <std::int64_t InputDim, std::int64_t OutputDim, auto... Options>
struct embedding : layer<embedding<InputDim, OutputDim, Options...>> {
  static constexpr std::string_view name = "embedding";
  symbol embeddings;

  constexpr void build(weights& add) {
    if (InputDim <= 0) return this->fail(sentence("input_dim must be positive, got ", InputDim));
    if (OutputDim <= 0) return this->fail(sentence("output_dim must be positive, got ", OutputDim));
    constexpr diagnosis problem =
        options_problem<options::embeddings_initializer, options::embeddings_regularizer>(
            name, detail::of_embeddings(Options)...);
    if (!problem.empty()) return this->fail(problem);
    embeddings = add("embeddings", {InputDim, OutputDim},
                     option_or<options::embeddings_initializer, initializer>(
                         random_uniform{}, detail::of_embeddings(Options)...),
                     option_or<options::embeddings_regularizer>(regularizer{},
                                                                detail::of_embeddings(Options)...));
  }

  constexpr symbol call(symbol x) const {
    return build::gather(embeddings, build::cast(x, dtype::int32), 0);
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    w.integer("input_dim", InputDim);
    w.integer("output_dim", OutputDim);
  }
};

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/model_data.hpp>
#include <typegrad/training/recipes.hpp>
#include <typegrad/training/samples.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

namespace typegrad {

namespace training_detail {

template <class Trace, class... Named>
struct target_names {
  static constexpr diagnosis sentence() {
    auto const& facts = Trace::facts;
    struct known {
      target_facts const *first, *last;
      constexpr auto begin() const { return first; }
      constexpr auto end() const { return last; }
    };
    return inference_detail::names_problem(
        "samples", "target", std::array<std::string_view, sizeof...(Named)>{Named::name...},
        known{facts.targets.data(), facts.targets.data() + facts.target_count});
  }
};

}  // namespace training_detail

/// Samples for one model: as `samples`, and names are looked at by the compiler.
template <class Model, class Trace>
struct model_samples : samples {
  using samples::samples;
  model_samples(samples const& data) : samples(data) {}
  model_samples(samples&& data) : samples(std::move(data)) {}

  template <
      class... X, class... Y,
      auto Inputs = say<inference_detail::input_names<Model, name_constant<"samples">, X...>>(),
      auto Targets = say<training_detail::target_names<Trace, Y...>>()>
  model_samples(named_values<X...> inputs, named_values<Y...> targets, array_list weights = {})
      : samples(array_list(std::move(inputs)), array_list(std::move(targets)), std::move(weights)) {
    using known_inputs [[maybe_unused]] = nothing_wrong<Inputs>;
    using known_targets [[maybe_unused]] = nothing_wrong<Targets>;
  }

  /// What is no samples is told so.
  template <class X>
  requires(!std::convertible_to<X const&, samples> && !std::convertible_to<X&, samples> &&
           !std::convertible_to<X, samples>)
  model_samples(X const&) {
    static_assert(is_right<sizeof(X)>,
                  "samples come with their targets, in braces: fit({x, y}, {.epochs = 2}), "
                  "evaluate({x, y}); or as an object with members x and y");
  }
};

}  // namespace typegrad

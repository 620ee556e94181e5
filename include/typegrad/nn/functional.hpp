// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/model.hpp>
#include <typegrad/nn/model_call.hpp>

#include <concepts>
#include <type_traits>

namespace typegrad {

/// A small graph model in one expression: what it reads, and a function of as many symbols that
/// captures nothing. Layers that the function makes have weights as those of a `network` have:
///
///     using net = functional<inputs<named<"wide", 3>, named<"deep", 5>>, [](symbol wide, symbol
///     deep) {
///       return dense<1>{}(concatenate(wide, dense<30, relu>{}(deep)));
///     }>;
///
/// It is a layer as well; an object that is called twice shares its weights. nvcc takes no lambda
/// within the type: give it a name first, `constexpr auto f = [](symbol x) { ... };`.
template <class Inputs, auto Function>
class functional : public layer<functional<Inputs, Function>> {
 public:
  static constexpr std::string_view name = "functional";

  template <std::convertible_to<symbol>... Rest>
  requires std::is_invocable_v<decltype(Function), symbol, Rest...>
  constexpr auto call(symbol x, Rest... rest) {
    detail::traced_again const scope{x.owner(), traced_ == &x.owner()};
    traced_ = &x.owner();
    return Function(x, rest...);
  }

  static constexpr void trace(graph& g) {
    if constexpr (detail::is_inputs<Inputs>)
      trace_as(g, Inputs{});
    else
      g.fail(sentence("functional: needs inputs<...> as its first argument, got ",
                      type_name<Inputs>()));
  }
  template <class... Others>
  static constexpr void trace_as(graph& g, inputs<Others...> const& what,
                                 list<name_text> const& names = {}) {
    detail::model_call::run<functional>(g, what, names);
  }
  using inputs_type = Inputs;

 private:
  graph const* traced_ = nullptr;
};

}  // namespace typegrad

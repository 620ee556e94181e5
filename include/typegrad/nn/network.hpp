// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/model.hpp>
#include <typegrad/nn/model_call.hpp>

namespace typegrad {

/// The base of a model that is any graph of layers. It says what it reads, has its layers as
/// members, and puts them together in `call`:
///
///     struct wide_and_deep : network<wide_and_deep> {
///       using inputs = typegrad::inputs<named<"wide", 3>, named<"deep", 5>>;
///       dense<30, relu> hidden;
///       dense<1> head;
///       constexpr auto call(symbol wide, symbol deep) {
///         return head(concatenate(wide, hidden(deep)));
///       }
///     };
///
/// `call` returns a symbol, or several: `outputs(output<"main">(...), output<"auxiliary">(...))`.
/// A network is a layer as well: a member of another one, called with symbols, as often as need be,
/// each time with the same weights.
template <class Derived>
class network : public layer<Derived> {
 public:
  static constexpr void trace(graph& g) {
    if constexpr (detail::has_inputs<Derived>)
      trace_as(g, typename Derived::inputs{});
    else
      g.fail(sentence(detail::layer_name_of<Derived>,
                      ": needs `using inputs = typegrad::inputs<input<...>>`, which says what it "
                      "reads, to be a model"));
  }

  /// The same with other inputs; one without a name has that in its place among `names`.
  template <class... Inputs>
  static constexpr void trace_as(graph& g, inputs<Inputs...> const& what,
                                 list<name_text> const& names = {}) {
    detail::model_call::run<Derived>(g, what, names);
  }
};

}  // namespace typegrad

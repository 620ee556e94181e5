// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/fuse/cost.hpp>
#include <typegrad/expressions/check.hpp>
#include <typegrad/expressions/leaf.hpp>

#include <cstddef>
#include <tuple>
#include <utility>

namespace typegrad {

/// Which values a function on symbols may be given, and what it gives, as one finds out by calling
/// it: `Function::call(symbol...)`.
namespace expressions {

/// The facts of a function's result, and the sentence for operands that it cannot take.
struct derived_facts {
  value_facts facts;
  diagnosis sentence;
  int price = 0;  ///< of computing an element, operands not counted
};

template <class Function, class... Operands>
constexpr derived_facts derive() {
  derived_facts out;
  if constexpr (sizeof...(Operands) > 0) {
    if ((Operands::facts.failed || ...)) {
      out.facts.failed = true;
      return out;
    }
  }
  graph g;
  symbol const operands[] = {build::input(g, "", Operands::facts.shape, Operands::facts.type,
                                          Operands::facts.dynamic_rows)...};
  symbol const y = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Function::call(operands[I]...);
  }(std::index_sequence_for<Operands...>{});
  if (g.failed()) {
    out.sentence = g.error;
    out.facts.failed = true;
    return out;
  }
  if (!y.valid()) {
    out.sentence =
        sentence("a function on symbols must return a symbol computed from its arguments");
    out.facts.failed = true;
    return out;
  }
  out.facts.shape = y.shape();
  out.facts.type = y.type();
  out.facts.dynamic_rows = y.per_sample();
  for (node const& n : g.nodes)
    if (!is_leaf(n.code) && !is_movement(n.code))
      out.price += is_elementwise(n.code) ? cost_of(n.code) : dear;
  return out;
}

/// A function's value that nothing is computed of yet. `Function` is a type with
///   static constexpr symbol call(symbol...);
template <class Function, class... Operands>
struct operation : base {
  static constexpr derived_facts derived = derive<Function, Operands...>();
  static constexpr diagnosis sentence() { return derived.sentence; }
  static constexpr value_facts facts = derived.facts;
  static constexpr int leaf_count = (0 + ... + Operands::leaf_count);
  static constexpr int price = (derived.price + ... + Operands::price);

  [[no_unique_address]] std::tuple<Operands...> operands;

  constexpr explicit operation(Operands... all) : operands{std::move(all)...} {}

  static constexpr bool is_open(list<type_key>& bound) { return (Operands::is_open(bound) || ...); }
  static constexpr symbol trace(tracer& t) {
    symbol const values[] = {t.trace<Operands>()...};
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Function::call(values[I]...);
    }(std::index_sequence_for<Operands...>{});
  }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    std::apply([&](auto const&... all)
                   __attribute__((always_inline)) { bind_all<First>(to, all...); },
               operands);
  }

  /// A scalar expression is its value.
  operator element_of<facts.type>() const
  requires(facts.rank() == 0);
};

/// A function's value for these expressions.
template <class Function, class... Operands>
constexpr auto operate(Operands... operands) {
  using result = operation<Function, Operands...>;
  check<result>();
  return result{std::move(operands)...};
}

/// The same for any operands; numbers have their own dtype.
template <class Function, class... X>
constexpr auto operate_on(X&&... x) {
  using result = operation<Function, expression_of<X>...>;
  check<result>();
  return result{as_expression(std::forward<X>(x))...};
}

}  // namespace expressions
}  // namespace typegrad

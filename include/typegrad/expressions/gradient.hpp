// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/evaluate.hpp>
#include <typegrad/expressions/variable.hpp>

#include <tuple>
#include <type_traits>

// Gradients of expressions with respect to variables: expressions again.

namespace typegrad {

namespace expressions {

/// The gradient of one value of a graph with respect to another: zeros where it does not depend on
/// it.
constexpr symbol gradient_node(graph& g, symbol objective, int wanted) {
  if (g.failed() || !objective.valid()) return {g, -1};
  symbol const x{g, wanted};
  list<int> const found = differentiate(g, objective, {wanted});
  if (g.failed()) return {g, -1};
  if (found[0] >= 0) return {g, found[0]};
  symbol const none = build::constant(g, 0, x.type(), x.shape());
  return x.per_sample() ? build::spread(none) : none;
}

/// What can be differentiated, and by what, or a sentence.
constexpr diagnosis gradient_problem(value_facts const& objective, value_facts const& by) {
  if (objective.failed || by.failed) return {};
  if (objective.rank() != 0)
    return typegrad::sentence("gradient: needs a scalar, got extents ", to_text(objective.shape),
                              objective.dynamic_rows ? " a row" : "", "; sum it first");
  if (!is_floating(objective.type))
    return typegrad::sentence("gradient: needs floating values, got ", to_text(objective.type));
  if (!is_floating(by.type))
    return typegrad::sentence("gradient: cannot differentiate by values of ", to_text(by.type));
  return {};
}

/// The gradient of Z with respect to a leaf that has a name. It is a leaf of the gradient, too: Z
/// may not contain it.
template <class Z, class Leaf>
struct gradient_of : base {
  static constexpr diagnosis sentence() { return gradient_problem(Z::facts, Leaf::facts); }
  static constexpr value_facts facts = [] {
    value_facts f = Leaf::facts;
    f.failed = Z::facts.failed || !sentence().empty();
    return f;
  }();
  static constexpr int leaf_count = Z::leaf_count + 1;
  static constexpr int price = 2 * Z::price;

  Z z;
  Leaf by;

  constexpr gradient_of(Z of, Leaf leaf) : z{std::move(of)}, by{leaf} {}

  static constexpr bool is_open(list<type_key>& bound) { return Z::is_open(bound); }
  static constexpr symbol trace(tracer& t) {
    symbol const objective = t.shared<Z>();
    return gradient_node(t.owner(), objective, t.trace<Leaf>().id());
  }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    bind_all<First>(to, z, by);
  }

  operator element_of<facts.type>() const
  requires(facts.rank() == 0)
  {
    return evaluate_all(false, *this);
  }
};

/// Whether all of these are variables, which derivatives are taken by.
template <fixed_string Name, class... X>
struct by_variables {
  static constexpr bool hold = (is_variable<X> && ...);
  static constexpr diagnosis sentence() {
    if constexpr (hold)
      return {};
    else
      return typegrad::sentence(Name.view(),
                                ": one can differentiate by variables; for tensors, which have no "
                                "name, use ",
                                Name.view(), "(f)(x, y) with a function f of them");
  }
};

template <class Variable, class Z>
constexpr auto one_gradient(Z const& z, Variable const& by) {
  using result = gradient_of<Z, typename Variable::expression_type>;
  check<result>();
  return result{z, Variable::as_expression(by)};
}

}  // namespace expressions

/// The gradient of a scalar expression with respect to variables, as expressions of their extents:
/// one expression for one variable, a std::tuple for several. Zeros where the expression does not
/// depend on a variable. Evaluated together they are one program, which computes what they and the
/// expression have in common once.
template <expressions::valued Z, class... Variable>
requires(sizeof...(Variable) > 0)
constexpr auto gradient(Z const& z, Variable const&... variables) {
  using by = expressions::by_variables<"gradient", Variable...>;
  expressions::check<by>();
  if constexpr (by::hold) {
    auto const e = expressions::as_expression(z);
    if constexpr (sizeof...(Variable) == 1)
      return (expressions::one_gradient(e, variables), ...);
    else
      return std::tuple{expressions::one_gradient(e, variables)...};
  } else {
    return expressions::as_expression(z);  // so that there is one error only
  }
}

}  // namespace typegrad

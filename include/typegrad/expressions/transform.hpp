// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/gradient.hpp>
#include <typegrad/expressions/reduction.hpp>
#include <typegrad/ops/arrange.hpp>
#include <typegrad/ops/control.hpp>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

// Functions from functions, as in JAX: gradient(f), value_and_gradient(f), jacobian(f), hessian(f),
// jvp(f, ...), vjp(f, ...). f is a function of expressions, such as a generic lambda. Given
// tensors, variables and numbers they compute; given expressions, as within another function that
// is differentiated, they give expressions, so that they nest.

namespace typegrad {

namespace expressions {

/// What a function is called with to find out what it computes.
template <class Function, int I, class Value>
struct argument : base {
  static constexpr value_facts facts = Value::facts;
  static constexpr int leaf_count = 0;
  static constexpr int price = 0;
  static constexpr bool is_open(list<type_key>& bound) {
    return !bound.contains(key_of<Function>());
  }
  static constexpr symbol trace(tracer& t) { return t.argument(key_of<Function>(), I, facts); }
  template <int>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf*) const {}
};

/// A function's value for arguments: the body that it gave for `argument`s, and their values.
template <class Function, class Body, class... Values>
struct application : base {
  static constexpr value_facts facts = Body::facts;
  static constexpr int leaf_count = (Body::leaf_count + ... + Values::leaf_count);
  static constexpr int price = 0;  // the tracer takes equal ones for one by itself
  static constexpr int argument_count = static_cast<int>(sizeof...(Values));
  static_assert(argument_count <= max_arguments,
                "a function that is differentiated has at most 8 arguments");
  template <std::size_t I>
  using value = std::tuple_element_t<I, std::tuple<Values...>>;

  std::tuple<Values...> values;
  Body body;

  constexpr application(Body b, Values... v) : values{std::move(v)...}, body{std::move(b)} {}

  static constexpr bool is_open(list<type_key>& bound) {
    if ((Values::is_open(bound) || ...)) return true;
    bound.push_back(key_of<Function>());
    bool const open = Body::is_open(bound);
    bound.pop_back();
    return open;
  }
  static constexpr symbol trace(tracer& t) { return {t.owner(), t.apply<application>().node}; }
  static constexpr symbol trace_body(tracer& t, int* arguments) {
    symbol const bound[] = {t.barrier(t.trace<Values>())...};
    for (int i = 0; i < argument_count; ++i) arguments[i] = bound[i].id();
    int const before = t.begin_scope(key_of<Function>(), bound, argument_count);
    symbol const y = t.trace<Body>();
    t.end_scope(before, argument_count);
    return y;
  }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    std::apply([&](auto const&... v)
                   __attribute__((always_inline)) { bind_all<First>(to, v..., body); },
               values);
  }

  operator element_of<facts.type>() const
  requires(facts.rank() == 0)
  {
    return evaluate_all(false, *this);
  }
};

/// A value that follows from an application and others. Rule says how:
///   static constexpr value_facts facts; static constexpr diagnosis sentence();
///   static constexpr symbol call(tracer&, tracer::application const&, symbol const* others);
template <class Rule, class App, class... Others>
struct derived : base {
  static constexpr diagnosis sentence() { return Rule::sentence(); }
  static constexpr value_facts facts = [] {
    value_facts f = Rule::facts;
    f.failed = f.failed || App::facts.failed || !sentence().empty();
    return f;
  }();
  static constexpr int leaf_count = (App::leaf_count + ... + Others::leaf_count);
  static constexpr int price = dear;

  App app;
  [[no_unique_address]] std::tuple<Others...> others;

  constexpr explicit derived(App a, Others... o) : app{std::move(a)}, others{std::move(o)...} {}

  static constexpr bool is_open(list<type_key>& bound) {
    return App::is_open(bound) || (Others::is_open(bound) || ...);
  }
  static constexpr symbol trace(tracer& t) {
    auto const a = t.apply<App>();
    symbol const values[] = {t.trace<Others>()..., symbol{}};
    if (t.owner().failed()) return {t.owner(), -1};
    return Rule::call(t, a, values);
  }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    std::apply([&](auto const&... o)
                   __attribute__((always_inline)) { bind_all<First>(to, app, o...); },
               others);
  }

  operator element_of<facts.type>() const
  requires(facts.rank() == 0)
  {
    return evaluate_all(false, *this);
  }
};

template <class Rule, class App, class... Others>
constexpr auto derive_from(App const& app, Others const&... others) {
  using result = derived<Rule, App, Others...>;
  check<result>();
  return result{app, others...};
}

/// The gradient of a scalar application for its argument I.
template <class App, std::size_t I>
struct gradient_rule {
  using leaf = typename App::template value<I>;
  static constexpr value_facts facts = leaf::facts;
  static constexpr diagnosis sentence() { return gradient_problem(App::facts, leaf::facts); }
  static constexpr symbol call(tracer& t, tracer::application const& a, symbol const*) {
    return gradient_node(t.owner(), {t.owner(), a.node}, a.arguments[I]);
  }
};

/// The sum of all products of two values of the same extents: a scalar.
constexpr symbol inner_product(symbol a, symbol b) {
  return reduced(op::reduce_sum, "sum", a * b, {});
}

/// The gradient for argument I of the inner product of an application with a cotangent.
template <class App, std::size_t I, class Cotangent>
struct pullback_rule {
  using leaf = typename App::template value<I>;
  static constexpr value_facts facts = leaf::facts;
  static constexpr diagnosis sentence() {
    value_facts const y = App::facts, u = Cotangent::facts;
    if (y.failed || u.failed) return {};
    if (!(y.shape == u.shape) || y.dynamic_rows != u.dynamic_rows)
      return typegrad::sentence("vjp: needs a cotangent of the function's extents ",
                                to_text(y.shape), ", got ", to_text(u.shape));
    if (!is_floating(y.type) || !is_floating(leaf::facts.type))
      return typegrad::sentence("vjp: needs floating values, got ", to_text(leaf::facts.type),
                                " to ", to_text(y.type));
    return {};
  }
  static constexpr symbol call(tracer& t, tracer::application const& a, symbol const* others) {
    graph& g = t.owner();
    return gradient_node(g, inner_product({g, a.node}, cast(others[0], g[a.node].type)),
                         a.arguments[I]);
  }
};

/// The derivative of an application along tangents of its arguments. A pull-back is linear in its
/// cotangent, and the transpose of that linear map is the push-forward.
template <class App, class... Tangents>
struct pushforward_rule {
  static constexpr value_facts facts = App::facts;
  static constexpr diagnosis sentence() {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      diagnosis d;
      (one<I, Tangents>(d), ...);
      return d;
    }(std::index_sequence_for<Tangents...>{});
  }
  static constexpr symbol call(tracer& t, tracer::application const& a, symbol const* tangents) {
    graph& g = t.owner();
    symbol const y{g, a.node};
    symbol zero = build::constant(g, 0, y.type(), y.shape());
    if (y.per_sample()) zero = build::spread(zero);
    symbol const cotangent = t.barrier(zero);
    list<int> wanted;
    for (int i = 0; i < App::argument_count; ++i) wanted.push_back(a.arguments[i]);
    list<int> const pulled = differentiate(g, inner_product(y, cotangent), wanted);
    symbol total;
    for (int i = 0; i < App::argument_count; ++i) {
      if (g.failed()) return {g, -1};
      if (pulled[i] < 0) continue;
      symbol const part = inner_product({g, pulled[i]}, tangents[i]);
      total = total.valid() ? total + part : part;
    }
    return total.valid() ? gradient_node(g, total, cotangent.id()) : zero;
  }

 private:
  template <std::size_t I, class Tangent>
  static constexpr void one(diagnosis& d) {
    value_facts const x = App::template value<I>::facts, v = Tangent::facts;
    if (!d.empty() || x.failed || v.failed) return;
    if (!(x.shape == v.shape) || x.dynamic_rows != v.dynamic_rows)
      d = typegrad::sentence("jvp: needs a tangent of argument ", static_cast<int>(I),
                             "'s extents ", to_text(x.shape), ", got ", to_text(v.shape));
    else if (!is_floating(x.type) || !is_floating(v.type))
      d = typegrad::sentence("jvp: needs floating values, got ", to_text(x.type), " and ",
                             to_text(v.type));
  }
};

/// The derivatives of all elements of an application with respect to all of its argument I, of
/// extents (its own, the argument's). A loop goes through the elements, backwards from each; what
/// does not depend on which one it is, the application itself too, is computed once, before it.
template <class App, std::size_t I>
struct jacobian_rule {
  using leaf = typename App::template value<I>;
  static constexpr diagnosis sentence() {
    value_facts const y = App::facts, x = leaf::facts;
    if (y.failed || x.failed) return {};
    if (y.dynamic_rows || x.dynamic_rows)
      return typegrad::sentence(
          "jacobian: values and arguments need extents that are known while compiling, got a "
          "dynamic first axis");
    if (!is_floating(y.type) || y.type != x.type)
      return typegrad::sentence("jacobian: needs floating values and arguments of one dtype, got ",
                                to_text(y.type), " of ", to_text(x.type));
    if (y.rank() + x.rank() > max_rank)
      return typegrad::sentence("jacobian: extents ", to_text(y.shape), " by ", to_text(x.shape),
                                " are more than ", max_rank, " axes");
    return {};
  }
  static constexpr value_facts facts = [] {
    value_facts f = App::facts;
    if (!sentence().empty()) return f;
    for (int i = 0; i < leaf::facts.shape.rank; ++i) f.shape.push_back(leaf::facts.shape[i]);
    return f;
  }();
  static constexpr symbol call(tracer& t, tracer::application const& a, symbol const*) {
    graph& g = t.owner();
    symbol const y{g, a.node};
    if (y.rank() == 0) return gradient_node(g, y, a.arguments[I]);
    std::int64_t const count = y.shape().count();
    if (count == 0) return build::constant(g, 0, y.type(), facts.shape);
    list<symbol> const element{build::iota(g, {count}, 0)};
    auto const row = [&](list<symbol> const&, list<symbol> const& i) -> scan_step {
      symbol const one = build::reshape(one_hot(i[0], count, y.type()), y.shape());
      return {{}, {gradient_node(g, inner_product(y, one), a.arguments[I])}};
    };
    scan_result const rows = typegrad::scan(row, {}, element);
    return g.failed() ? symbol{g, -1} : build::reshape(rows.ys[0], facts.shape);
  }
};

/// An expression as a function of variables, which it need not contain: what the rules above take
/// for an application.
template <class Z, class... Leaf>
struct at_variables : base {
  static constexpr value_facts facts = Z::facts;
  static constexpr int leaf_count = (Z::leaf_count + ... + Leaf::leaf_count);
  static constexpr int argument_count = static_cast<int>(sizeof...(Leaf));
  static_assert(argument_count <= max_arguments,
                "an expression is differentiated by at most 8 variables at once");
  template <std::size_t I>
  using value = std::tuple_element_t<I, std::tuple<Leaf...>>;

  Z z;
  std::tuple<Leaf...> leaves;

  constexpr explicit at_variables(Z of, Leaf... l) : z{std::move(of)}, leaves{l...} {}

  static constexpr bool is_open(list<type_key>& bound) { return Z::is_open(bound); }
  static constexpr symbol trace_body(tracer& t, int* arguments) {
    symbol const y = t.shared<Z>();
    int i = 0;
    ((arguments[i++] = t.trace<Leaf>().id()), ...);
    return y;
  }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    std::apply([&](auto const&... l)
                   __attribute__((always_inline)) { bind_all<First>(to, z, l...); },
               leaves);
  }
};
template <class Z, class... Variable>
constexpr auto at_variables_of(Z const& z, Variable const&... v) {
  return at_variables<Z, typename Variable::expression_type...>{z, Variable::as_expression(v)...};
}

/// What tells a function's arguments from those of others.
template <class F, class... Values>
struct function_tag {};

/// f applied to expressions.
template <class F, class... Values>
constexpr auto apply_function(F const& f, Values... values) {
  using tag = function_tag<F, Values...>;
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    auto body = as_expression(f(argument<tag, static_cast<int>(I), Values>{}...));
    return application<tag, decltype(body), Values...>{std::move(body), std::move(values)...};
  }(std::index_sequence_for<Values...>{});
}

/// Whether expressions contain no argument of a function that is being looked at.
template <class... E>
inline constexpr bool is_closed = [] {
  list<type_key> bound;
  return !(E::is_open(bound) || ...);
}();

/// Whether functions of such arguments compute at once: of tensors, variables and numbers. Of
/// expressions they give expressions, since a function that was given some would otherwise return
/// one of a tensor of its own, which is gone by then.
template <class... X>
inline constexpr bool all_known = (!expression<X> && ...);

/// Values or expressions, one by itself or several as a tuple.
template <bool Compute, class... E>
constexpr auto results(E const&... e) {
  if constexpr (Compute && is_closed<E...>)
    return evaluate_all(true, e...);
  else if constexpr (sizeof...(E) == 1)
    return (e, ...);
  else
    return std::tuple{e...};
}

/// value_and_gradient(f) and gradient(f), for some or all arguments.
template <class F, bool WithValue, std::size_t... Chosen>
struct gradient_function {
  [[no_unique_address]] F f;

  template <operand... X>
  requires(sizeof...(X) > 0)
  constexpr auto operator()(X&&... x) const {
    auto const app = apply_function(f, as_expression(std::forward<X>(x))...);
    if constexpr (sizeof...(Chosen) > 0)
      return of<all_known<X...>>(app, std::index_sequence<Chosen...>{});
    else
      return of<all_known<X...>>(app, std::index_sequence_for<X...>{});
  }

 private:
  template <bool Compute, class App, std::size_t... I>
  static constexpr auto of(App const& app, std::index_sequence<I...>) {
    static_assert(((I < static_cast<std::size_t>(App::argument_count)) && ...),
                  "gradient: the function has no such argument");
    if constexpr (WithValue)
      return results<Compute>(app, derive_from<gradient_rule<App, I>>(app)...);
    else
      return results<Compute>(derive_from<gradient_rule<App, I>>(app)...);
  }
};

/// All derivatives of a function's value, for each argument: f's axes, then the argument's.
template <bool Compute, class App, std::size_t... I>
constexpr auto jacobians(App const& app, std::index_sequence<I...>) {
  return results<Compute>(derive_from<jacobian_rule<App, I>>(app)...);
}

template <class F>
struct jacobian_function {
  [[no_unique_address]] F f;

  template <operand... X>
  requires(sizeof...(X) > 0)
  constexpr auto operator()(X&&... x) const {
    return jacobians<all_known<X...>>(apply_function(f, as_expression(std::forward<X>(x))...),
                                      std::index_sequence_for<X...>{});
  }
};

/// One of several values of a function.
template <std::size_t I, class F>
struct component {
  [[no_unique_address]] F f;
  template <class... X>
  constexpr auto operator()(X&&... x) const {
    auto all = f(std::forward<X>(x)...);
    if constexpr (expression<decltype(all)>)
      return all;
    else
      return std::get<I>(std::move(all));
  }
};

template <class F>
struct hessian_function {
  [[no_unique_address]] F f;

  template <operand... X>
  requires(sizeof...(X) > 0)
  constexpr auto operator()(X&&... x) const {
    return of<all_known<X...>>(std::index_sequence_for<X...>{},
                               as_expression(std::forward<X>(x))...);
  }

 private:
  template <bool Compute, std::size_t... I, class... E>
  constexpr auto of(std::index_sequence<I...>, E const&... e) const {
    using first = gradient_function<F, false>;
    constexpr std::index_sequence<I...> all;
    if constexpr (sizeof...(E) == 1)
      return jacobians<Compute>(apply_function(first{f}, e...), all);
    else
      return std::tuple{jacobians<Compute>(apply_function(component<I, first>{{f}}, e...), all)...};
  }
};

/// The second half of vjp.
template <bool Compute, class App>
class pullback {
 public:
  explicit pullback(App app) : app_(std::move(app)) {}

  /// The gradients, for the arguments, of the inner product of the function's value with `u`, which
  /// has the value's extents: one for one argument, else a std::tuple.
  template <operand U>
  auto operator()(U&& u) const {
    auto const cotangent = as_expression_beside<App>(std::forward<U>(u));
    using type = std::remove_const_t<decltype(cotangent)>;
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      constexpr bool compute = Compute && all_known<U>;
      return results<compute>(derive_from<pullback_rule<App, I, type>>(app_, cotangent)...);
    }(std::make_index_sequence<static_cast<std::size_t>(App::argument_count)>{});
  }

 private:
  App app_;
};

template <class F>
concept function = !operand<F>;

/// Operands as expressions, each beside another; those that a tuple has as its own are owned.
template <class... Beside, class... X>
constexpr auto expressions_of(std::tuple<X...>&& all) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::tuple{
        as_expression_beside<std::remove_cvref_t<Beside>>(std::get<I>(std::move(all)))...};
  }(std::index_sequence_for<X...>{});
}
template <class App, class... Tangents>
constexpr auto push_forward(App const& app, std::tuple<Tangents...> const& tangents) {
  return std::apply(
      [&](auto const&... t) { return derive_from<pushforward_rule<App, Tangents...>>(app, t...); },
      tangents);
}

}  // namespace expressions

// By variables, as `gradient`: expressions again.

/// value_and_gradient(z, a, b): a std::tuple of z and its gradients, to be evaluated together.
template <expressions::valued Z, class... Variable>
requires(sizeof...(Variable) > 0 && (expressions::is_variable<Variable> && ...))
constexpr auto value_and_gradient(Z const& z, Variable const&... by) {
  return std::tuple{expressions::as_expression(z), gradient(z, by)...};
}

/// jacobian(y, a): the derivatives of all elements of y with respect to all of a, of extents (those
/// of y, those of a); a std::tuple for several variables.
template <expressions::valued Y, class... Variable>
requires(sizeof...(Variable) > 0)
constexpr auto jacobian(Y const& y, Variable const&... by) {
  using namespace expressions;
  check<by_variables<"jacobian", Variable...>>();
  if constexpr (by_variables<"jacobian", Variable...>::hold)
    return jacobians<false>(at_variables_of(as_expression(y), by...),
                            std::index_sequence_for<Variable...>{});
  else
    return as_expression(y);  // so that there is one error only
}

/// hessian(z, a): the second derivatives of the scalar z, of extents (those of a, those of a); for
/// several variables a std::tuple of std::tuples, first variable first.
template <expressions::valued Z, class... Variable>
requires(sizeof...(Variable) > 0)
constexpr auto hessian(Z const& z, Variable const&... by) {
  using namespace expressions;
  check<by_variables<"hessian", Variable...>>();
  if constexpr (!by_variables<"hessian", Variable...>::hold)
    return as_expression(z);  // so that there is one error only
  else if constexpr (sizeof...(Variable) == 1)
    return (jacobian(gradient(z, by), by), ...);
  else
    return std::tuple{jacobian(gradient(z, by), by...)...};
}

/// jvp(y, std::tie(a, b), std::tuple{v, w}): a std::tuple of y and its derivative along (v, w).
template <expressions::valued Y, class... Variable, expressions::operand... V>
requires(sizeof...(Variable) > 0 && sizeof...(Variable) == sizeof...(V))
constexpr auto jvp(Y const& y, std::tuple<Variable&...> const& by, std::tuple<V...> along) {
  using namespace expressions;
  using named = by_variables<"jvp", std::remove_const_t<Variable>...>;
  check<named>();
  auto const e = as_expression(y);
  if constexpr (named::hold) {
    auto const app = std::apply([&](auto const&... v) { return at_variables_of(e, v...); }, by);
    return std::tuple{
        e, push_forward(app, expressions_of<std::remove_const_t<Variable>...>(std::move(along)))};
  } else {
    return std::tuple{e, e};  // so that there is one error only
  }
}

/// vjp(y, a, b): a std::tuple of y and a function that takes a cotangent, of y's extents, back to
/// the variables.
template <expressions::valued Y, class... Variable>
requires(sizeof...(Variable) > 0)
constexpr auto vjp(Y const& y, Variable const&... by) {
  using namespace expressions;
  check<by_variables<"vjp", Variable...>>();
  auto const e = as_expression(y);
  if constexpr (by_variables<"vjp", Variable...>::hold) {
    auto const app = at_variables_of(e, by...);
    return std::tuple{e, pullback<false, std::remove_const_t<decltype(app)>>{app}};
  } else {
    return std::tuple{e, e};  // so that there is one error only
  }
}

/// gradient(f)(x, y): the gradient of the scalar f(x, y) for its arguments; one for one argument,
/// else a std::tuple. gradient<1>(f) is that for the second argument alone.
template <std::size_t... Arguments, expressions::function F>
constexpr auto gradient(F f) {
  return expressions::gradient_function<F, false, Arguments...>{std::move(f)};
}

/// value_and_gradient(f)(x, y): a std::tuple of f(x, y) and its gradients, computed together.
template <std::size_t... Arguments, expressions::function F>
constexpr auto value_and_gradient(F f) {
  return expressions::gradient_function<F, true, Arguments...>{std::move(f)};
}

/// jacobian(f)(x): the derivatives of all elements of f(x) with respect to all of x, of extents
/// (those of f(x), those of x); a std::tuple for several arguments. Computed backwards, from one
/// element of f(x) after the other.
template <expressions::function F>
constexpr auto jacobian(F f) {
  return expressions::jacobian_function<F>{std::move(f)};
}

/// hessian(f)(x): the second derivatives of the scalar f(x), of extents (those of x, those of x);
/// for several arguments a std::tuple of std::tuples, first argument first.
template <expressions::function F>
constexpr auto hessian(F f) {
  return expressions::hessian_function<F>{std::move(f)};
}

/// jvp(f, std::tuple{x, y}, std::tuple{v, w}): f(x, y), and its derivative along (v, w).
template <expressions::function F, expressions::operand... X, expressions::operand... V>
requires(sizeof...(X) > 0 && sizeof...(X) == sizeof...(V))
constexpr auto jvp(F const& f, std::tuple<X...> x, std::tuple<V...> along) {
  using namespace expressions;
  auto const app = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return apply_function(f, as_expression(std::get<I>(std::move(x)))...);
  }(std::index_sequence_for<X...>{});
  auto const tangent = push_forward(app, expressions_of<X...>(std::move(along)));
  return results<all_known<X..., V...>>(app, tangent);
}

/// vjp(f, x, y): a std::tuple of f(x, y) and a function that takes a cotangent, of f(x, y)'s
/// extents, back to the arguments.
template <expressions::function F, expressions::operand... X>
requires(sizeof...(X) > 0)
constexpr auto vjp(F const& f, X&&... x) {
  auto const app =
      expressions::apply_function(f, expressions::as_expression(std::forward<X>(x))...);
  using app_type = std::remove_const_t<decltype(app)>;
  constexpr bool compute = expressions::all_known<X...>;
  return std::tuple{expressions::results<compute>(app),
                    expressions::pullback<compute, app_type>{app}};
}

}  // namespace typegrad

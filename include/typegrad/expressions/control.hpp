// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/transform.hpp>
#include <typegrad/ops/control.hpp>

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

// Loops and choices that depend on data, or are as long as a sequence, as in JAX: cond, while_loop,
// fori_loop, scan. The functions given are functions of expressions, such as generic lambdas; they
// may use tensors and variables from outside. A loop is one step of a program, whatever its length.

namespace typegrad {

namespace expressions {

template <class X>
inline constexpr bool is_tuple_of_operands = false;
template <class... X>
inline constexpr bool is_tuple_of_operands<std::tuple<X...>> = (operand<X> && ...);

/// An operand, or a std::tuple of several.
template <class X>
concept operands = operand<X> || is_tuple_of_operands<std::remove_cvref_t<X>>;

/// One or several expressions, as a std::tuple of them.
template <class X>
constexpr auto as_expressions(X&& x) {
  if constexpr (requires { std::tuple_size<std::remove_cvref_t<X>>::value; } && !operand<X>) {
    return std::apply(
        [](auto&&... all) {
          return std::tuple{as_expression(std::forward<decltype(all)>(all))...};
        },
        std::forward<X>(x));
  } else {
    return std::tuple{as_expression(std::forward<X>(x))};
  }
}

/// One by itself, several as a std::tuple.
template <class... E>
constexpr auto unwrapped(std::tuple<E...> all) {
  if constexpr (sizeof...(E) == 1)
    return std::get<0>(std::move(all));
  else
    return all;
}

/// The values of a function's body, traced when a graph's loop wants them; more often than once.
template <class Function, class Bodies>
class body_tracer;
template <class Function, class... Body>
class body_tracer<Function, std::tuple<Body...>> {
 public:
  constexpr explicit body_tracer(tracer& t) : tracer_{&t} {}

  constexpr list<symbol> operator()(list<symbol> const& arguments) {
    if (first_ < 0) {
      first_ = tracer_->position();
      return trace(arguments);
    }
    return tracer_->once_more(first_, [&] { return trace(arguments); });
  }

 private:
  constexpr list<symbol> trace(list<symbol> const& arguments) {
    int const before =
        tracer_->begin_scope(key_of<Function>(), arguments.begin(), arguments.size());
    list<symbol> out;
    (out.push_back(tracer_->template trace<Body>()), ...);
    tracer_->end_scope(before, arguments.size());
    return out;
  }

  tracer* tracer_;
  int first_ = -1;
};

/// A loop or choice. Rule says what is done with the values and the functions' bodies:
///   static constexpr list<symbol> call(tracer&, list<symbol> const& values, Bodies&...)
/// where a body is a body_tracer. Bodies are first called in the order in which they stand.
template <class Rule, class Values, class... Bodies>
struct loop;
template <class Rule, class... Values, class... Bodies>
struct loop<Rule, std::tuple<Values...>, Bodies...> {
  static constexpr int leaf_count = (0 + ... + Values::leaf_count) + (0 + ... + Bodies::leaf_count);
  using values_type = std::tuple<Values...>;

  values_type values;
  std::tuple<Bodies...> bodies;

  constexpr loop(values_type v, Bodies... b) : values{std::move(v)}, bodies{std::move(b)...} {}

  /// Writes the results' nodes.
  static constexpr symbol trace_body(tracer& t, int* results) {
    list<symbol> in;
    (in.push_back(t.trace<Values>()), ...);
    list<symbol> const out = call(t, in, std::index_sequence_for<Bodies...>{});
    for (int i = 0; i < max_arguments; ++i) results[i] = i < out.size() ? out[i].id() : -1;
    return {t.owner(), -1};
  }
  static constexpr bool is_open(list<type_key>& bound) {
    return (Values::is_open(bound) || ...) || (Bodies::is_open(bound) || ...);
  }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    std::apply(
        [&](auto const&... v) __attribute__((always_inline)) {
          std::apply([&](auto const&... b)
                         __attribute__((always_inline)) { bind_all<First>(to, v..., b...); },
                     bodies);
        },
        values);
  }

  /// What each result is, found out by tracing with nothing around it.
  struct outcome {
    value_facts facts[max_arguments];
    diagnosis sentence;
  };
  static constexpr outcome known = [] {
    outcome o;
    if ((Values::facts.failed || ...)) {
      for (value_facts& f : o.facts) f.failed = true;
      return o;
    }
    graph g;
    tracer t{g, false};
    t.look_at_a_part();
    int results[max_arguments];
    trace_body(t, results);
    o.sentence = g.error;
    for (int i = 0; i < max_arguments; ++i) {
      if (g.failed() || results[i] < 0) {
        o.facts[i].failed = true;
        continue;
      }
      node const& n = g[results[i]];
      o.facts[i] = {n.shape, n.type, n.per_sample, false};
    }
    return o;
  }();
  static constexpr diagnosis sentence() { return known.sentence; }

 private:
  template <std::size_t... I>
  static constexpr list<symbol> call(tracer& t, list<symbol> const& in, std::index_sequence<I...>) {
    std::tuple<body_tracer<typename Bodies::function, typename Bodies::types>...> all{
        body_tracer<typename Bodies::function, typename Bodies::types>{t}...};
    return Rule::call(t.owner(), in, std::get<I>(all)...);
  }
};

/// Bodies of one function.
template <class Function, class... Body>
struct function_body {
  using function = Function;
  using types = std::tuple<Body...>;
  static constexpr int leaf_count = (0 + ... + Body::leaf_count);

  std::tuple<Body...> values;

  static constexpr bool is_open(list<type_key>& bound) {
    bound.push_back(key_of<Function>());
    bool const open = (Body::is_open(bound) || ...);
    bound.pop_back();
    return open;
  }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    std::apply([&](auto const&... b) __attribute__((always_inline)) { bind_all<First>(to, b...); },
               values);
  }
};

/// Result I of a loop.
template <class Loop, int I>
struct result_of : base {
  static constexpr diagnosis sentence() { return Loop::sentence(); }
  static constexpr value_facts facts = Loop::known.facts[I];
  static constexpr int leaf_count = Loop::leaf_count;
  static constexpr int price = 0;  // the tracer takes equal loops for one by itself

  Loop loop;

  constexpr explicit result_of(Loop l) : loop{std::move(l)} {}
  static constexpr bool is_open(list<type_key>& bound) { return Loop::is_open(bound); }
  static constexpr symbol trace(tracer& t) { return {t.owner(), t.apply<Loop>().arguments[I]}; }
  template <int First>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    loop.template bind<First>(to);
  }

  operator element_of<facts.type>() const
  requires(facts.rank() == 0)
  {
    return evaluate_all(false, *this);
  }
};

/// Results First to First + Count of a loop.
template <int First, int Count, class Loop>
constexpr auto results_from(Loop const& l) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::tuple{result_of<Loop, First + static_cast<int>(I)>{l}...};
  }(std::make_index_sequence<static_cast<std::size_t>(Count)>{});
}

/// What a function of values with these facts gives, as a body.
template <class Tag, class F, class... Facts>
constexpr auto body_of(F const& f, std::tuple<Facts...> const*) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    auto all = as_expressions(f(argument<Tag, static_cast<int>(I), Facts>{}...));
    return std::apply(
        [](auto... b) { return function_body<Tag, decltype(b)...>{std::tuple{std::move(b)...}}; },
        std::move(all));
  }(std::index_sequence_for<Facts...>{});
}

/// What a turn is given of a sequence: an element along its first axis.
template <class E>
struct element_along_first {
  static constexpr value_facts facts = [] {
    value_facts f = E::facts;
    extents rest;
    for (int i = 1; i < f.shape.rank; ++i) rest.push_back(f.shape[i]);
    f.shape = rest;
    return f;
  }();
};
/// What a turn of `fori_loop` is given beside the values: its number.
struct counter {
  static constexpr value_facts facts = facts_of<std::int32_t>();
};

constexpr list<symbol> part(list<symbol> const& all, int from, int to) {
  list<symbol> out;
  for (int i = from; i < to; ++i) out.push_back(all[i]);
  return out;
}
constexpr list<symbol> joined(symbol first, list<symbol> const& rest) {
  list<symbol> out{first};
  for (symbol const& x : rest) out.push_back(x);
  return out;
}

struct cond_rule {
  template <class Then, class Otherwise>
  static constexpr list<symbol> call(graph&, list<symbol> const& in, Then& then,
                                     Otherwise& otherwise) {
    list<symbol> const operands = part(in, 1, in.size());
    return typegrad::detail::cond_of_lists(
        in[0], [&] { return then(operands); }, [&] { return otherwise(operands); });
  }
};

struct while_rule {
  template <class Turn, class GoingOn>
  static constexpr list<symbol> call(graph& g, list<symbol> const& in, Turn& turn,
                                     GoingOn& going_on) {
    return while_loop(
        [&](list<symbol> const& v) {
          list<symbol> const p = going_on(v);
          return p.size() == 1 ? p[0]
                               : poison(g, typegrad::sentence(
                                               "while_loop: needs one condition, got ", p.size()));
        },
        [&](list<symbol> const& v) { return turn(v); }, in);
  }
};

template <std::int64_t Lower, std::int64_t Upper>
struct fori_rule {
  template <class Turn>
  static constexpr list<symbol> call(graph& g, list<symbol> const& in, Turn& turn) {
    if constexpr (Upper <= Lower) {  // no turn; but the body's leaves have their places
      static_cast<void>(turn(joined(build::constant(g, 0, dtype::int32), in)));
      return in;
    }
    return fori_loop(
        Lower, Upper, [&](symbol i, list<symbol> const& v) { return turn(joined(i, v)); }, in);
  }
};
/// The bounds stand before what goes round.
struct fori_rule_of_values {
  template <class Turn>
  static constexpr list<symbol> call(graph&, list<symbol> const& in, Turn& turn) {
    return fori_loop(
        in[0], in[1], [&](symbol i, list<symbol> const& v) { return turn(joined(i, v)); },
        part(in, 2, in.size()));
  }
};

template <int Carries, std::int64_t Length, bool Reverse>
struct scan_rule {
  template <class Turn>
  static constexpr list<symbol> call(graph& g, list<symbol> const& in, Turn& turn) {
    list<symbol> const xs = part(in, Carries, in.size());
    for (symbol const& x : xs)
      if (x.per_sample() && x.rank() == 0) {
        poison(g, typegrad::sentence("scan: does not go along a dynamic first axis"));
        return {};
      }
    scan_result const all = scan(
        [&](list<symbol> const& carry, list<symbol> const& x) -> scan_step {
          list<symbol> arguments = carry;
          for (symbol const& one : x) arguments.push_back(one);
          list<symbol> const out = turn(arguments);
          return {part(out, 0, Carries), part(out, Carries, out.size())};
        },
        part(in, 0, Carries), xs, Length, Reverse);
    list<symbol> out = all.carry;
    for (symbol const& y : all.ys) out.push_back(y);
    return out;
  }
};

template <int First, int Count, class Loop>
constexpr auto checked_results(Loop const& l) {
  check<Loop>();
  return unwrapped(results_from<First, Count>(l));
}

template <class... E>
constexpr std::tuple<E...> const* facts_like(std::tuple<E...> const&) {
  return nullptr;
}

}  // namespace expressions

/// cond(p, f, g, x...): f(x...) if the scalar p is true, else g(x...), of which only the one that
/// is wanted is computed. f and g give an expression each, or as long std::tuples of them, of equal
/// extents and dtypes. Source: jax.lax.cond.
template <expressions::operand P, expressions::function Then, expressions::function Otherwise,
          expressions::operand... X>
constexpr auto cond(P&& predicate, Then const& then, Otherwise const& otherwise, X&&... x) {
  using namespace expressions;
  auto operands = std::tuple{as_expression(std::forward<X>(x))...};
  auto const yes = body_of<function_tag<Then, expression_of<X>...>>(then, facts_like(operands));
  auto const no =
      body_of<function_tag<Otherwise, expression_of<X>...>>(otherwise, facts_like(operands));
  auto values =
      std::tuple_cat(std::tuple{as_expression(std::forward<P>(predicate))}, std::move(operands));
  using type = loop<cond_rule, decltype(values), std::remove_const_t<decltype(yes)>,
                    std::remove_const_t<decltype(no)>>;
  constexpr int count = static_cast<int>(std::tuple_size_v<typename decltype(yes)::types>);
  return checked_results<0, count>(type{std::move(values), yes, no});
}

/// while_loop(going_on, turn, init...): values become turn(values...) as long as the scalar
/// going_on(values...) holds; at first they are init. Has no gradient. Source: jax.lax.while_loop.
template <expressions::function GoingOn, expressions::function Turn, expressions::valued... X>
requires(sizeof...(X) > 0)
constexpr auto while_loop(GoingOn const& going_on, Turn const& turn, X&&... init) {
  using namespace expressions;
  auto values = std::tuple{as_expression(std::forward<X>(init))...};
  auto const next = body_of<function_tag<Turn, expression_of<X>...>>(turn, facts_like(values));
  auto const holds =
      body_of<function_tag<GoingOn, expression_of<X>...>>(going_on, facts_like(values));
  using type = loop<while_rule, decltype(values), std::remove_const_t<decltype(next)>,
                    std::remove_const_t<decltype(holds)>>;
  return checked_results<0, static_cast<int>(sizeof...(X))>(type{std::move(values), next, holds});
}

/// fori_loop<lower, upper>(turn, init...): values become turn(i, values...) for i from lower to
/// below upper, i an int32. It has gradients. fori_loop(lower, upper, turn, init...) has bounds
/// that are only known when it is evaluated, and no gradients. Source: jax.lax.fori_loop.
template <std::int64_t Lower, std::int64_t Upper, expressions::function Turn,
          expressions::operand... X>
requires(sizeof...(X) > 0)
constexpr auto fori_loop(Turn const& turn, X&&... init) {
  using namespace expressions;
  auto values = std::tuple{as_expression(std::forward<X>(init))...};
  std::tuple<counter, expression_of<X>...> const* const arguments = nullptr;
  auto const next = body_of<function_tag<Turn, expression_of<X>...>>(turn, arguments);
  using type = loop<fori_rule<Lower, Upper>, decltype(values), std::remove_const_t<decltype(next)>>;
  return checked_results<0, static_cast<int>(sizeof...(X))>(type{std::move(values), next});
}
template <expressions::operand L, expressions::operand U, expressions::function Turn,
          expressions::operand... X>
requires(sizeof...(X) > 0)
constexpr auto fori_loop(L&& lower, U&& upper, Turn const& turn, X&&... init) {
  using namespace expressions;
  std::tuple<counter, expression_of<X>...> const* const arguments = nullptr;
  auto const next = body_of<function_tag<Turn, expression_of<X>...>>(turn, arguments);
  auto values =
      std::tuple{as_expression(std::forward<L>(lower)), as_expression(std::forward<U>(upper)),
                 as_expression(std::forward<X>(init))...};
  using type = loop<fori_rule_of_values, decltype(values), std::remove_const_t<decltype(next)>>;
  return checked_results<0, static_cast<int>(sizeof...(X))>(type{std::move(values), next});
}

struct scan_options {
  bool reverse = false;      ///< from the last element on
  std::int64_t length = -1;  ///< the number of turns, where there is no sequence
};

/// scan(turn, init, xs): turn(carry..., x...) is called with what goes round, at first init, and
/// the elements of xs along their first axis, one after the other; it gives a std::tuple of what
/// goes round next and then what is stacked. init and xs are an operand each, or a std::tuple of
/// several. Gives a std::tuple of both: what came out of the last turn (one, or a std::tuple), and
/// what was stacked along a new first axis. It has gradients. scan<scan_options{.reverse =
/// true}>(...). Source: jax.lax.scan.
template <scan_options Options = scan_options{}, expressions::function Turn,
          expressions::operands Init, expressions::operands Sequences = std::tuple<>>
constexpr auto scan(Turn const& turn, Init&& init, Sequences&& xs = {}) {
  using namespace expressions;
  auto const carry = as_expressions(std::forward<Init>(init));
  auto const sequences = as_expressions(std::forward<Sequences>(xs));
  return [&]<class... C, class... S>(std::tuple<C...> const& c, std::tuple<S...> const& s) {
    static_assert(sizeof...(C) > 0, "scan: needs something that goes round");
    std::tuple<C..., element_along_first<S>...> const* const arguments = nullptr;
    auto const next = body_of<function_tag<Turn, C..., S...>>(turn, arguments);
    auto values = std::tuple_cat(c, s);
    constexpr int carries = static_cast<int>(sizeof...(C));
    using type = loop<scan_rule<carries, Options.length, Options.reverse>, decltype(values),
                      std::remove_const_t<decltype(next)>>;
    check<type>();
    type const l{std::move(values), next};
    constexpr int all = static_cast<int>(std::tuple_size_v<typename decltype(next)::types>);
    if constexpr (all > carries)
      return std::tuple{unwrapped(results_from<0, carries>(l)),
                        unwrapped(results_from<carries, all - carries>(l))};
    else
      return unwrapped(results_from<0, carries>(l));
  }(carry, sequences);
}

}  // namespace typegrad

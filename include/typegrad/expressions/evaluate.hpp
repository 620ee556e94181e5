// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/on.hpp>
#include <typegrad/expressions/request.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

// When expressions are computed: by `evaluate`, by assigning them to a tensor, by converting a
// scalar one to a number. Each is one program of fused loops.

namespace typegrad {

namespace expressions {

/// An expression's values as one gets them: a number if it is a scalar, else a tensor.
template <class E>
using value_of = std::conditional_t<E::facts.rank() == 0, element_of<E::facts.type>, tensor_for<E>>;

template <class E>
tensor_for<E> room_for(std::int64_t rows) {
  return tensor_for<E>(E::facts.dynamic_rows ? rows : 1, uninitialized_tag{});
}

template <class E>
value_of<E> value_in(tensor_for<E>&& t) {
  if constexpr (E::facts.rank() == 0)
    return *t.data();
  else
    return std::move(t);
}

/// New values of the expressions that a request has looked up, which run(outputs) computes.
template <class... E, class Run>
TYPEGRAD_INLINE auto new_values(request<E...> const& r, Run const& run) {
  std::tuple<tensor_for<E>...> room{room_for<E>(r.rows())...};
  return std::apply(
      [&](auto&... t) __attribute__((always_inline)) {
        run(std::array<void*, sizeof...(E)>{t.data()...});
        if constexpr (sizeof...(E) == 1)
          return (value_in<E>(std::move(t)), ...);
        else
          return std::tuple<value_of<E>...>{value_in<E>(std::move(t))...};
      },
      room);
}

/// All values of expressions; `trusted` as in request.
template <class... E>
TYPEGRAD_INLINE auto evaluate_all(bool trusted, E const&... e) {
  request<E...> const r(e..., trusted);
  return new_values(
      r, [&](auto const& outputs) __attribute__((always_inline)) { r.run(outputs.data()); });
}

/// What computes expressions at a place, on<...>, besides the CPU; evaluators' headers have them:
///   template <class Program>
///   static void run(void const* const* inputs, void* const* outputs, std::int64_t rows);
template <class Place>
struct computer;

template <class X>
inline constexpr bool is_place = false;
template <class Evaluator, auto Policy>
inline constexpr bool is_place<on<Evaluator, Policy>> = true;

template <class Place>
struct place_problem {
  static constexpr diagnosis sentence() {
    if constexpr (std::is_same_v<Place, on<cpu>> || requires { sizeof(computer<Place>); })
      return {};
    else
      return diagnosis{
          "expressions are computed on<cpu>, or, with typegrad/cuda.hpp included, on<thrust> under "
          "float32 or tf32"};
  }
};

/// Computes what a request asks for at a place; some of what is written may be read.
template <class Place, class Request, std::size_t Count>
TYPEGRAD_INLINE void run_at(Request const& r, std::array<void*, Count> const& outputs) {
  if constexpr (std::is_same_v<Place, on<cpu>>)
    r.run_over(outputs);
  else if constexpr (place_problem<Place>::sentence().empty())
    r.hand_to([&]<class Program>(void const* const* inputs, std::int64_t rows) {
      computer<Place>::template run<Program>(inputs, outputs.data(), rows);
    });
}

/// Why an expression cannot become a tensor of type Tensor.
template <class Tensor, class E>
struct conversion {
  static constexpr diagnosis sentence() {
    value_facts const to = Tensor::facts;
    value_facts const from = E::facts;
    if (from.failed) return {};
    bool const fractions = is_floating(from.type) && !is_floating(to.type);
    if (fractions)
      return typegrad::sentence("tensor: values of ", to_text(from.type), " do not become ",
                                to_text(to.type), " by themselves; cast them");
    if (to.rank() == from.rank()) {
      bool same = true;
      for (int i = 0; i < to.rank(); ++i) {
        std::int64_t const a = extent(to, i), b = extent(from, i);
        same = same && (a == b || a == dynamic || b == dynamic);
      }
      if (same) return {};
    }
    return typegrad::sentence("tensor: an expression of extents ", text(from),
                              " does not fit a tensor of extents ", text(to));
  }

 private:
  static constexpr std::int64_t extent(value_facts const& f, int axis) {
    if (f.dynamic_rows) return axis == 0 ? dynamic : f.shape[axis - 1];
    return f.shape[axis];
  }
  static constexpr name_text text(value_facts const& f) {
    if (!f.dynamic_rows) return to_text(f.shape);
    name_text t{"dynamic"};
    if (f.shape.rank > 0) t.append('x').append(to_text(f.shape));
    return t;
  }
};

/// E with elements of another type.
template <dtype Type, class E>
constexpr decltype(auto) with_type(E const& e) {
  if constexpr (E::facts.type == Type)
    return (e);
  else
    return cast<element_of<Type>>(e);
}

/// The length of the first axis of E's values, where a request has looked up its leaves.
template <class E, class Request>
std::int64_t rows_of(Request const& r) {
  if constexpr (E::facts.dynamic_rows)
    return r.rows();
  else
    return E::facts.rank() == 0 ? 1 : E::facts.shape.front();
}

/// A tensor of fixed extents stays where it is.
template <class Tensor>
void take_over(Tensor& to, Tensor& from) {
  if constexpr (Tensor::is_dynamic)
    to = std::move(from);
  else
    std::copy(from.begin(), from.end(), to.data());
}

template <class... Tensor, class... E>
TYPEGRAD_INLINE void assign_typed(std::tuple<Tensor&...> const& to, E const&... e) {
  request<E...> const r(e...);
  std::apply(
      [&](Tensor&... t) __attribute__((always_inline)) {
        if constexpr (((Tensor::is_dynamic || E::facts.dynamic_rows) || ...)) {
          auto const check_rows = [&](bool may_change, std::int64_t wanted, std::int64_t there) {
            if (!may_change && wanted != there)
              refuse("tensor: an expression with ", wanted, " rows does not fit a tensor with ",
                     there);
          };
          (check_rows(Tensor::is_dynamic, rows_of<E>(r), t.rows()), ...);
          if (((rows_of<E>(r) != t.rows()) || ...)) {
            std::tuple<Tensor...> room{Tensor(rows_of<E>(r), uninitialized_tag{})...};
            std::apply(
                [&](Tensor&... fresh) {
                  void* const outputs[] = {fresh.data()...};
                  r.run(outputs);
                  (take_over(t, fresh), ...);
                },
                room);
            return;
          }
        }
        r.run_over({static_cast<void*>(t.data())...});
      },
      to);
}

/// Writes expressions' values, all computed before any is changed, into tensors that their leaves
/// may be part of. A dynamic first extent takes the values' length.
template <class... Tensor, class... E>
TYPEGRAD_INLINE void assign_all(std::tuple<Tensor&...> const& to, E const&... e) {
  (check<conversion<Tensor, E>>(), ...);
  if constexpr (((conversion<Tensor, E>::sentence().empty() && !E::facts.failed) && ...))
    assign_typed(to, with_type<Tensor::facts.type>(e)...);
}

/// What an output is written to: a number counts as a tensor without axes.
template <class To>
struct destination {
  static_assert(any_tensor<To>,
                "evaluate_into: writes into numbers and tensors; a variable is given values by "
                "assign, a view by =");
  using tensor_type = To;
  static void* data(To& to) { return to.data(); }
  static std::int64_t rows(To const& to) { return to.rows(); }
};
template <tensor_element T>
struct destination<T> {
  using tensor_type = tensor<T>;
  static void* data(T& to) { return &to; }
  static std::int64_t rows(T const&) { return 1; }
};

template <class Place, class... To, class... E>
TYPEGRAD_INLINE void write_all(std::tuple<To&...> const& to, E const&... e) {
  check<place_problem<Place>>();
  (check<conversion<typename destination<To>::tensor_type, E>>(), ...);
  static_assert(((E::facts.type == destination<To>::tensor_type::facts.type) && ...),
                "evaluate_into: numbers and tensors must have the expressions' dtypes; cast them");
  request<E...> const r(e...);
  std::apply(
      [&](To&... t) __attribute__((always_inline)) {
        auto const check_rows = [](std::int64_t wanted, std::int64_t there) {
          if (wanted != there)
            refuse("evaluate_into: an expression with ", wanted,
                   " rows does not fit a tensor with ", there);
        };
        (check_rows(rows_of<E>(r), destination<To>::rows(t)), ...);
        run_at<Place>(r, std::array<void*, sizeof...(To)>{destination<To>::data(t)...});
      },
      to);
}

template <class Function, class... Operands>
TYPEGRAD_INLINE operation<Function, Operands...>::operator element_of<
    operation<Function, Operands...>::facts.type>() const
requires(facts.rank() == 0)
{
  return evaluate_all(false, *this);
}

}  // namespace expressions

/// x as an expression, which refers to it if it is no temporary: what functions are to be given
/// that take their arguments by value and return an expression of them, `auto f = [](auto x) { ...
/// }`. With a tensor, f's own copy would be gone when the expression is evaluated.
template <expressions::operand X>
constexpr auto lazy(X&& x) {
  return expressions::as_expression(std::forward<X>(x));
}

/// The values of an expression: a number if it is a scalar, else a tensor. Several together are one
/// program, which computes what they have in common once, and give a std::tuple.
/// std::invalid_argument if values with a dynamic first axis differ in its length.
template <expressions::operand... X>
TYPEGRAD_INLINE auto evaluate(X const&... x) {
  return expressions::evaluate_all(false, expressions::expression_in(x)...);
}
/// The same, computed elsewhere: evaluate<on<thrust>>(loss, gradient(loss, x)). What the
/// expressions are made of is brought there, and the values back.
template <class Place, expressions::operand... X>
requires(expressions::is_place<Place>)
auto evaluate(X const&... x) {
  using namespace expressions;
  check<place_problem<Place>>();
  return [](auto const&... e) {
    request<std::remove_cvref_t<decltype(e)>...> const r(e...);
    return new_values(r, [&](auto const& outputs) { run_at<Place>(r, outputs); });
  }(expression_in(x)...);
}

/// The same into numbers and tensors that are there, a std::tuple of references to them, of the
/// expressions' dtypes and extents; nothing is allocated. They may be parts of the expressions.
///
///     evaluate_into(std::tie(value, dx), loss, gradient(loss, x));
template <class... To, expressions::operand... X>
requires(sizeof...(To) == sizeof...(X))
TYPEGRAD_INLINE void evaluate_into(std::tuple<To&...> const& to, X const&... x) {
  expressions::write_all<on<cpu>>(to, expressions::expression_in(x)...);
}
/// The same, computed elsewhere: evaluate_into<on<thrust>>(std::tie(y), 2 * y).
template <class Place, class... To, expressions::operand... X>
requires(expressions::is_place<Place> && sizeof...(To) == sizeof...(X))
void evaluate_into(std::tuple<To&...> const& to, X const&... x) {
  expressions::write_all<Place>(to, expressions::expression_in(x)...);
}

template <class T, std::int64_t... Dims>
template <class E>
requires(expressions::expression<E>)
TYPEGRAD_INLINE tensor<T, Dims...>::tensor(E const& e) : tensor() {
  *this = e;
}

template <class T, std::int64_t... Dims>
template <class E>
requires(expressions::expression<E>)
TYPEGRAD_INLINE tensor<T, Dims...>& tensor<T, Dims...>::operator=(E const& e) {
  expressions::assign_all(std::tie(*this), e);
  return *this;
}

}  // namespace typegrad

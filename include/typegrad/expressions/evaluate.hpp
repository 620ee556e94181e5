// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/request.hpp>

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

/// All values of expressions of which it is known that leaves that look like one are one, or not.
template <class... E>
TYPEGRAD_INLINE auto evaluate_all(bool trusted, E const&... e) {
  request<E...> const r(e..., trusted);
  std::tuple<tensor_for<E>...> room{room_for<E>(r.rows())...};
  return std::apply(
      [&](auto&... t) __attribute__((always_inline)) {
        void* const outputs[] = {t.data()...};
        r.run(outputs);
        if constexpr (sizeof...(E) == 1)
          return (value_in<E>(std::move(t)), ...);
        else
          return std::tuple<value_of<E>...>{value_in<E>(std::move(t))...};
      },
      room);
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

/// Writes an expression's values into a tensor that its leaves may be part of.
template <class Tensor, class E>
TYPEGRAD_INLINE void assign_to(Tensor& to, E const& e) {
  check<conversion<Tensor, E>>();
  if constexpr (conversion<Tensor, E>::sentence().empty() && !E::facts.failed) {
    auto const& typed = with_type<Tensor::facts.type>(e);
    request<std::remove_cvref_t<decltype(typed)>> const r(typed);
    if constexpr (Tensor::is_dynamic) {
      std::int64_t const rows = E::facts.dynamic_rows ? r.rows() : E::facts.shape.front();
      if (rows != to.rows()) {
        Tensor room(rows, uninitialized_tag{});
        void* const outputs[] = {room.data()};
        r.run(outputs);
        to = std::move(room);
        return;
      }
    } else if constexpr (E::facts.dynamic_rows) {
      if (r.rows() != to.rows())
        refuse("tensor: an expression with ", r.rows(), " rows does not fit a tensor with ",
               to.rows());
    }
    r.run_over({to.data()});
  }
}

/// What an output is written to: a number counts as a tensor without axes.
template <class To>
struct destination {
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

template <class... To, class... E>
TYPEGRAD_INLINE void write_all(std::tuple<To&...> const& to, E const&... e) {
  (check<conversion<typename destination<To>::tensor_type, E>>(), ...);
  static_assert(((E::facts.type == destination<To>::tensor_type::facts.type) && ...),
                "evaluate_into: numbers and tensors must have the expressions' dtypes; cast them");
  request<E...> const r(e...);
  std::apply(
      [&](To&... t) __attribute__((always_inline)) {
        if constexpr ((E::facts.dynamic_rows || ...))
          if (((E::facts.dynamic_rows && destination<To>::rows(t) != r.rows()) || ...))
            refuse("evaluate_into: the expressions have ", r.rows(),
                   " rows, and one of the tensors has another number of them");
        r.run_over({destination<To>::data(t)...});
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

/// The same into numbers and tensors that are there, a std::tuple of references to them, of the
/// expressions' dtypes and extents; nothing is allocated. They may be parts of the expressions.
///
///     evaluate_into(std::tie(value, dx), loss, gradient(loss, x));
template <class... To, expressions::operand... X>
requires(sizeof...(To) == sizeof...(X))
TYPEGRAD_INLINE void evaluate_into(std::tuple<To&...> const& to, X const&... x) {
  expressions::write_all(to, expressions::expression_in(x)...);
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
  expressions::assign_to(*this, e);
  return *this;
}

}  // namespace typegrad

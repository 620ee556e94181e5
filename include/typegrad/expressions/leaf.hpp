// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/tracer.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

// What an expression is made from. An operand that has a name elsewhere is referred to, and must
// outlive the expression; a temporary is owned by it; a number is copied.
//
// Leaves have copy constructors of their own so that expressions are copied member by member:
// optimizers see through that, and not through copies of whole objects.

namespace typegrad::expressions {

/// A tensor that somebody else owns.
template <any_tensor Tensor>
struct reference : base {
  static constexpr value_facts facts = Tensor::facts;
  static constexpr int leaf_count = 1;
  static constexpr int price = 0;
  static constexpr bool is_open(list<type_key>&) { return false; }

  Tensor const* tensor;

  constexpr explicit reference(Tensor const& t) : tensor{&t} {}
  constexpr reference(reference const& other) : base{}, tensor{other.tensor} {}
  static constexpr symbol trace(tracer& t) { return t.leaf(facts, {}); }
  template <int I>
  TYPEGRAD_INLINE void bind(bound_leaf* to) const {
    to[I].data = tensor->data();
    if constexpr (Tensor::is_dynamic) to[I].rows = tensor->rows();
  }
};

/// A tensor that was a temporary; copies of the expression share it.
template <any_tensor Tensor>
struct owner : base {
  static constexpr value_facts facts = Tensor::facts;
  static constexpr int leaf_count = 1;
  static constexpr int price = 0;
  static constexpr bool is_open(list<type_key>&) { return false; }

  std::shared_ptr<Tensor const> tensor;

  explicit owner(Tensor&& t) : tensor{std::make_shared<Tensor const>(std::move(t))} {}
  static constexpr symbol trace(tracer& t) { return t.leaf(facts, {}); }
  template <int I>
  TYPEGRAD_INLINE void bind(bound_leaf* to) const {
    reference<Tensor>{*tensor}.template bind<I>(to);
  }
};

/// A number that is known at run time.
template <tensor_element T>
struct number : base {
  static constexpr value_facts facts = facts_of<T>();
  static constexpr int leaf_count = 1;
  static constexpr int price = 0;
  static constexpr bool is_open(list<type_key>&) { return false; }

  T value;

  constexpr explicit number(T v) : value{v} {}
  constexpr number(number const& other) : base{}, value{other.value} {}
  static constexpr symbol trace(tracer& t) { return t.leaf(facts, {}, true); }
  template <int I>
  TYPEGRAD_INLINE constexpr void bind(bound_leaf* to) const {
    to[I].data = &value;
  }
};

/// The dtype that a C++ number has by itself, as in JAX: float32, int32 or bool.
template <class T>
using number_type =
    std::conditional_t<std::is_same_v<T, bool>, bool,
                       std::conditional_t<std::is_integral_v<T>, std::int32_t, float>>;

/// A number takes the dtype of what it is combined with; a fraction with integers is float32.
template <class T, dtype Other>
using number_beside =
    std::conditional_t<is_floating(Other), element_of<Other>,
                       std::conditional_t<std::is_floating_point_v<T>, float,
                                          std::conditional_t<Other == dtype::boolean,
                                                             number_type<T>, element_of<Other>>>>;

/// A type that has an expression of its own: `variable`, tensors by view.
template <class X>
concept has_expression =
    requires(X&& x) { std::remove_cvref_t<X>::as_expression(std::forward<X>(x)); };

/// What takes part in expressions, numbers aside.
template <class X>
concept valued = expression<X> || any_tensor<X> || has_expression<X>;

template <class X>
concept operand = valued<X> || std::is_arithmetic_v<std::remove_cvref_t<X>>;

/// An operand as an expression.
template <operand X>
constexpr auto as_expression(X&& x) {
  using plain = std::remove_cvref_t<X>;
  if constexpr (expression<X>) {
    return plain(std::forward<X>(x));
  } else if constexpr (any_tensor<X>) {
    using tensor_type = tensor_of<X>;
    if constexpr (std::is_lvalue_reference_v<X>)
      return reference<tensor_type>{x};
    else
      return owner<tensor_type>{static_cast<tensor_type&&>(x)};
  } else if constexpr (has_expression<X>) {
    return plain::as_expression(std::forward<X>(x));
  } else {
    return number<number_type<plain>>{static_cast<number_type<plain>>(x)};
  }
}

/// The same for the time of a call: an expression is not copied.
template <operand X>
constexpr decltype(auto) expression_in(X const& x) {
  if constexpr (expression<X>)
    return (x);
  else
    return as_expression(x);
}

/// The type that `as_expression` gives.
template <operand X>
using expression_of = decltype(as_expression(std::declval<X>()));

/// An operand as an expression, beside another operand.
template <operand Other, operand X>
constexpr auto as_expression_beside(X&& x) {
  using plain = std::remove_cvref_t<X>;
  if constexpr (std::is_arithmetic_v<plain> && valued<Other>) {
    using type = number_beside<plain, expression_of<Other>::facts.type>;
    return number<type>{static_cast<type>(x)};
  } else {
    return as_expression(std::forward<X>(x));
  }
}

}  // namespace typegrad::expressions

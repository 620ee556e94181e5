// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/constraints.hpp>
#include <typegrad/expressions/elementwise.hpp>
#include <typegrad/expressions/evaluate.hpp>

#include <string_view>

namespace typegrad {

namespace expressions {

template <class... Variable>
class assignment;

template <class Shape, class T>
struct tensor_of_shape;
template <std::int64_t... Dims, class T>
struct tensor_of_shape<shape<Dims...>, T> {
  using type = tensor<T, Dims...>;
};

/// A variable in an expression. Those of one name are one.
template <fixed_string Name, class Tensor>
struct named : base {
  static constexpr value_facts facts = Tensor::facts;
  static constexpr int leaf_count = 1;
  static constexpr int price = 0;
  static constexpr bool is_open(list<type_key>&) { return false; }

  Tensor const* tensor;

  constexpr explicit named(Tensor const& t) : tensor{&t} {}
  constexpr named(named const& other) : base{}, tensor{other.tensor} {}
  static constexpr type_key key() { return key_of<named>(); }
  static constexpr symbol trace(tracer& t) { return t.leaf(facts, key()); }
  template <int I>
  TYPEGRAD_INLINE void bind(bound_leaf* to) const {
    reference<Tensor>{*tensor}.template bind<I>(to);
  }
};

}  // namespace expressions

/// A value with a name, which expressions refer to and which one can differentiate by:
///
///     auto a = variable<"a">(1.0f);
///     auto m = variable<"m", shape<2, 2>>({{3, 6}, {5, 8}});
///     m.assign(m - 0.1f * gradient(sum(square(m)), m));
///
/// Options are `not_trainable`, and a constraint (constraints.hpp), which optimizers apply after
/// each step. The name is what tells variables apart, within one expression; two objects with the
/// same name, extents and dtype in one expression are std::invalid_argument when it is evaluated.
/// It must outlive the expressions that it is part of, and stay where it is.
template <fixed_string Name, class Shape = shape<>, class T = float, auto... Options>
class variable : expressions::found_here<variable<Name, Shape, T, Options...>> {
 public:
  using tensor_type = typename expressions::tensor_of_shape<Shape, T>::type;
  using value_type = T;
  using expression_type = expressions::named<Name, tensor_type>;
  using variable_tag = void;
  static constexpr expressions::value_facts facts = tensor_type::facts;

  /// Whether optimizers change it.
  static constexpr bool trainable =
      !(std::is_same_v<std::remove_cvref_t<decltype(Options)>, not_trainable_option> || ...);

  static constexpr std::string_view name() { return Name.view(); }

  /// Zero.
  variable() = default;
  explicit variable(T value)
  requires(tensor_type::rank == 0)
      : value_(value) {}
  explicit variable(typename expressions::nested<T, tensor_type::rank>::type const& values)
  requires(tensor_type::rank > 0)
      : value_(values) {}
  explicit variable(tensor_type values) : value_(std::move(values)) {}
  template <class E>
  requires(expressions::expression<E>)
  explicit variable(E const& e) : value_(e) {}

  variable(variable const&) = default;
  variable(variable&&) = default;
  /// A variable is given new values by `assign`: an assignment could be taken for a new name.
  variable& operator=(variable const&) = delete;

  /// The current value: a number, or the tensor.
  T value() const
  requires(tensor_type::rank == 0)
  {
    return *value_.data();
  }
  tensor_type const& value() const
  requires(tensor_type::rank > 0)
  {
    return value_;
  }

  /// Takes the values of an expression, which may contain the variable itself, or of a tensor or
  /// number.
  template <expressions::operand X>
  TYPEGRAD_INLINE variable& assign(X const& x) {
    if constexpr (std::is_arithmetic_v<X>) {
      value_.fill(static_cast<T>(x));
    } else {
      expressions::assign_all(std::tie(value_), expressions::expression_in(x));
    }
    return *this;
  }
  template <expressions::operand X>
  TYPEGRAD_INLINE variable& assign_add(X const& x) {
    return assign(*this + x);
  }
  template <expressions::operand X>
  TYPEGRAD_INLINE variable& assign_sub(X const& x) {
    return assign(*this - x);
  }

  /// Holds the values to the constraints among the options.
  void constrain() { (constrain_to<Options>(), ...); }

  T* data() { return value_.data(); }
  T const* data() const { return value_.data(); }
  std::size_t size() const { return value_.size(); }
  auto shape() const { return value_.shape(); }
  template <class... Positions>
  requires(sizeof...(Positions) == tensor_type::rank)
  T const& operator()(Positions... at) const {
    return value_(at...);
  }

  static expression_type as_expression(variable const& v) { return expression_type{v.value_}; }
  static auto as_expression(variable&& v) {
    return expressions::as_expression(std::move(v.value_));
  }

 private:
  template <auto Option>
  void constrain_to() {
    if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(Option)>, not_trainable_option>)
      assign(typegrad::apply<Option>(*this));
  }

  template <class...>
  friend class expressions::assignment;
  tensor_type value_;
};

namespace expressions {

template <class X>
inline constexpr bool is_variable = requires { typename X::variable_tag; };

/// Assignments to variables that take place together.
template <class... Variable>
class assignment {
 public:
  explicit assignment(Variable&... to) : to_{to...} {}

  /// An expression for each; all of them are computed from the old values.
  template <operand... X>
  TYPEGRAD_INLINE void operator()(X const&... x) const {
    static_assert(sizeof...(X) == sizeof...(Variable),
                  "assign: needs as many expressions as there are variables");
    if constexpr (sizeof...(X) == sizeof...(Variable))
      std::apply(
          [&](Variable&... v) __attribute__((always_inline)) {
            assign_all(std::tie(v.value_...), as_expression_beside<Variable>(x)...);
          },
          to_);
  }

 private:
  std::tuple<Variable&...> to_;
};

}  // namespace expressions

/// assign(a, b)(x, y): a becomes x and b becomes y, together: x and y both read the old values.
template <class... Variable>
requires(sizeof...(Variable) > 0 && (expressions::is_variable<Variable> && ...))
expressions::assignment<Variable...> assign(Variable&... variables) {
  return expressions::assignment<Variable...>{variables...};
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/operation.hpp>
#include <typegrad/ops/contraction.hpp>
#include <typegrad/ops/elementwise.hpp>

// Elementwise mathematics on expressions: NumPy's broadcasting, checked while compiling.

namespace typegrad {

namespace expressions {

/// Brings operands of which some have a dynamic first axis to the graph's form, where that axis is
/// no axis at all: then the others may have a 1 there, or not reach it.
constexpr bool align(std::string_view name, symbol* x, int count) {
  int rank = 0;
  bool any = false;
  for (int i = 0; i < count; ++i)
    if (!build::poisoned(x[i]) && x[i].per_sample()) {
      if (any && x[i].rank() != rank) {
        poison(x[i].owner(), sentence(name,
                                      ": two values with a dynamic first axis need as many "
                                      "axes, got ",
                                      x[i].rank() + 1, " and ", rank + 1));
        return false;
      }
      any = true;
      rank = x[i].rank();
    }
  if (!any) return true;
  for (int i = 0; i < count; ++i) {
    if (build::poisoned(x[i]) || x[i].per_sample() || x[i].rank() <= rank) continue;
    extents rest = x[i].shape();
    bool const fits = rest.rank == rank + 1 && rest[0] == 1;
    if (!fits) {
      poison(x[i].owner(), sentence(name, ": extents ", to_text(rest), " do not broadcast with ",
                                    rank + 1, " axes of which the first is dynamic"));
      return false;
    }
    extents without;
    for (int a = 1; a < rest.rank; ++a) without.push_back(rest[a]);
    x[i] = build::reshape(x[i], without);
  }
  return true;
}

/// A function of symbols that computes element by element.
template <auto F>
struct elementwise_function {
  template <std::same_as<symbol>... X>
  static constexpr symbol call(X... operands) {
    if constexpr (sizeof...(X) > 1) {
      symbol all[] = {operands...};
      if (!align(F.name, all, sizeof...(X))) return symbol{all[0].owner(), -1};
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return F(all[I]...);
      }(std::make_index_sequence<sizeof...(X)>{});
    } else {
      return F(operands...);
    }
  }
};

/// The same for any two operands, one of which is no number.
template <auto F, class A, class B>
constexpr auto binary(A&& a, B&& b) {
  using result =
      operation<elementwise_function<F>, decltype(as_expression_beside<B>(std::forward<A>(a))),
                decltype(as_expression_beside<A>(std::forward<B>(b)))>;
  check<result>();
  return result{as_expression_beside<B>(std::forward<A>(a)),
                as_expression_beside<A>(std::forward<B>(b))};
}

}  // namespace expressions

// Each function has a type of its own, whose value is the function on symbols.

#define TYPEGRAD_UNARY(function, label)                                                          \
  namespace expressions {                                                                        \
  struct label##_function {                                                                      \
    static constexpr std::string_view name = #label;                                             \
    constexpr symbol operator()(symbol x) const { return typegrad::function(x); }                \
  };                                                                                             \
  }                                                                                              \
  template <expressions::valued X>                                                               \
  constexpr auto function(X&& x) {                                                               \
    return expressions::operate_on<                                                              \
        expressions::elementwise_function<expressions::label##_function{}>>(std::forward<X>(x)); \
  }

TYPEGRAD_UNARY(operator-, negate)
TYPEGRAD_UNARY(operator!, logical_not)
TYPEGRAD_UNARY(abs, abs)
TYPEGRAD_UNARY(sign, sign)
TYPEGRAD_UNARY(exp, exp)
TYPEGRAD_UNARY(expm1, expm1)
TYPEGRAD_UNARY(log, log)
TYPEGRAD_UNARY(log1p, log1p)
TYPEGRAD_UNARY(sqrt, sqrt)
TYPEGRAD_UNARY(rsqrt, rsqrt)
TYPEGRAD_UNARY(sin, sin)
TYPEGRAD_UNARY(cos, cos)
TYPEGRAD_UNARY(erf, erf)
TYPEGRAD_UNARY(floor, floor)
TYPEGRAD_UNARY(ceil, ceil)
TYPEGRAD_UNARY(round, round)
TYPEGRAD_UNARY(exp2, exp2)
TYPEGRAD_UNARY(log2, log2)
TYPEGRAD_UNARY(log10, log10)
TYPEGRAD_UNARY(tan, tan)
TYPEGRAD_UNARY(asin, asin)
TYPEGRAD_UNARY(acos, acos)
TYPEGRAD_UNARY(atan, atan)
TYPEGRAD_UNARY(sinh, sinh)
TYPEGRAD_UNARY(cosh, cosh)
TYPEGRAD_UNARY(asinh, asinh)
TYPEGRAD_UNARY(acosh, acosh)
TYPEGRAD_UNARY(atanh, atanh)
TYPEGRAD_UNARY(isfinite, isfinite)
TYPEGRAD_UNARY(isnan, isnan)
TYPEGRAD_UNARY(isinf, isinf)
TYPEGRAD_UNARY(square, square)
TYPEGRAD_UNARY(reciprocal, reciprocal)
TYPEGRAD_UNARY(stop_gradient, stop_gradient)

#undef TYPEGRAD_UNARY

#define TYPEGRAD_BINARY(function, label)                                                       \
  namespace expressions {                                                                      \
  struct label##_function {                                                                    \
    static constexpr std::string_view name = #label;                                           \
    constexpr symbol operator()(symbol a, symbol b) const { return typegrad::function(a, b); } \
  };                                                                                           \
  }                                                                                            \
  template <expressions::operand A, expressions::operand B>                                    \
  requires(expressions::valued<A> || expressions::valued<B>)                                   \
  constexpr auto function(A&& a, B&& b) {                                                      \
    return expressions::binary<expressions::label##_function{}>(std::forward<A>(a),            \
                                                                std::forward<B>(b));           \
  }

TYPEGRAD_BINARY(operator+, add)
TYPEGRAD_BINARY(operator-, subtract)
TYPEGRAD_BINARY(operator*, multiply)
TYPEGRAD_BINARY(operator/, divide)
TYPEGRAD_BINARY(operator<, less)
TYPEGRAD_BINARY(operator<=, less_equal)
TYPEGRAD_BINARY(operator>, greater)
TYPEGRAD_BINARY(operator>=, greater_equal)
TYPEGRAD_BINARY(operator==, equal)
TYPEGRAD_BINARY(operator!=, not_equal)
TYPEGRAD_BINARY(operator&&, logical_and)
TYPEGRAD_BINARY(operator||, logical_or)
TYPEGRAD_BINARY(maximum, maximum)
TYPEGRAD_BINARY(minimum, minimum)
TYPEGRAD_BINARY(pow, power)
TYPEGRAD_BINARY(atan2, atan2)
/// a / b rounded down, and the remainder, of b's sign: as NumPy's.
TYPEGRAD_BINARY(floor_divide, floor_divide)
TYPEGRAD_BINARY(remainder, remainder)
TYPEGRAD_BINARY(mod, mod)
TYPEGRAD_BINARY(logical_xor, logical_xor)

#undef TYPEGRAD_BINARY

namespace expressions {

struct where_function {
  static constexpr std::string_view name = "where";
  constexpr symbol operator()(symbol condition, symbol a, symbol b) const {
    return typegrad::where(condition, a, b);
  }
};

template <dtype Type>
struct cast_function {
  static constexpr std::string_view name = "cast";
  constexpr symbol operator()(symbol x) const { return typegrad::cast(x, Type); }
};

/// x to the N-th by repeated multiplication.
template <int N>
struct integer_power {
  static constexpr std::string_view name = "power";
  constexpr symbol operator()(symbol x) const {
    if constexpr (N < 0) {
      return 1 / integer_power<-N>{}(x);
    } else if constexpr (N == 0) {
      return 0 * stop_gradient(x) + 1;
    } else if constexpr (N == 1) {
      return x;
    } else {
      symbol const half = integer_power<N / 2>{}(x);
      if constexpr (N % 2 == 0)
        return half * half;
      else
        return half * half * x;
    }
  }
};

}  // namespace expressions

/// a where the condition holds, else b; the three broadcast.
template <expressions::valued C, expressions::operand A, expressions::operand B>
constexpr auto where(C&& condition, A&& a, B&& b) {
  return expressions::operate<expressions::elementwise_function<expressions::where_function{}>>(
      expressions::as_expression(std::forward<C>(condition)),
      expressions::as_expression_beside<B>(std::forward<A>(a)),
      expressions::as_expression_beside<A>(std::forward<B>(b)));
}

/// x held within [low, high]; the three broadcast.
template <expressions::valued X, expressions::operand Low, expressions::operand High>
constexpr auto clip(X&& x, Low&& low, High&& high) {
  return minimum(maximum(std::forward<X>(x), std::forward<Low>(low)), std::forward<High>(high));
}

/// The values as elements of type T: towards zero from fractions to integers, what is not 0 is
/// true.
template <tensor_element T, expressions::valued X>
constexpr auto cast(X&& x) {
  return expressions::operate_on<
      expressions::elementwise_function<expressions::cast_function<dtype_of<T>>{}>>(
      std::forward<X>(x));
}

/// x to the N-th, a whole number, by multiplications; faster than `pow(x, N)`.
template <int N, expressions::valued X>
constexpr auto pow(X&& x) {
  return expressions::operate_on<
      expressions::elementwise_function<expressions::integer_power<N>{}>>(std::forward<X>(x));
}

namespace expressions {
/// A function of symbols that is known while compiling.
template <auto F>
struct constant_function {
  template <std::same_as<symbol>... X>
  static constexpr symbol call(X... operands) {
    return F(operands...);
  }
};
}  // namespace expressions
/// Any function on symbols, applied to expressions: a lambda that captures nothing, an activation:
/// `apply<leaky_relu(0.1f)>(x)`, `apply<[](symbol x) { return x * sigmoid(x); }>(x)`.
template <auto F, expressions::operand... X>
requires(expressions::valued<X> || ...)
constexpr auto apply(X&&... x) {
  return expressions::operate_on<expressions::constant_function<F>>(std::forward<X>(x)...);
}

/// What an object that is a function of symbols gives for expressions.
template <class F, expressions::operand... X>
constexpr auto apply_to_expressions(F const&, X&&... x) {
  return expressions::operate_on<expressions::constant_function<F{}>>(std::forward<X>(x)...);
}

}  // namespace typegrad

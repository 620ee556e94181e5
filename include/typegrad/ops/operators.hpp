// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/build.hpp>

#include <concepts>
#include <type_traits>

// Arithmetic on symbols, among themselves and with numbers. A number takes the symbol's dtype.

namespace typegrad {

template <class T>
concept number = std::is_arithmetic_v<T>;

namespace detail {

constexpr symbol constant_like(symbol x, double value) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  dtype const type = x.type() == dtype::boolean ? dtype::float32 : x.type();
  // a fraction does not fit an integer
  bool const whole = value == static_cast<double>(static_cast<std::int64_t>(value));
  return build::constant(x.owner(), value, is_floating(type) || whole ? type : dtype::float32);
}

}  // namespace detail

#define TYPEGRAD_BINARY(function, code)                                              \
  constexpr symbol function(symbol a, symbol b) {                                    \
    return build::binary(op::code, #code, a, b);                                     \
  }                                                                                  \
  template <number T>                                                                \
  constexpr symbol function(symbol a, T b) {                                         \
    return function(a, detail::constant_like(a, static_cast<double>(b)));            \
  }                                                                                  \
  template <number T>                                                                \
  constexpr symbol function(T a, symbol b) {                                         \
    return function(detail::constant_like(b, static_cast<double>(a)), b);            \
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
TYPEGRAD_BINARY(mod, remainder)
TYPEGRAD_BINARY(remainder, remainder)

#undef TYPEGRAD_BINARY

#define TYPEGRAD_UNARY(function, code) \
  constexpr symbol function(symbol x) { return build::unary(op::code, x); }

TYPEGRAD_UNARY(operator-, negate)
TYPEGRAD_UNARY(operator!, logical_not)
TYPEGRAD_UNARY(abs, absolute)
TYPEGRAD_UNARY(sign, sign)
TYPEGRAD_UNARY(exp, exp)
TYPEGRAD_UNARY(exp2, exp2)
TYPEGRAD_UNARY(expm1, expm1)
TYPEGRAD_UNARY(log, log)
TYPEGRAD_UNARY(log2, log2)
TYPEGRAD_UNARY(log10, log10)
TYPEGRAD_UNARY(log1p, log1p)
TYPEGRAD_UNARY(sqrt, sqrt)
TYPEGRAD_UNARY(rsqrt, rsqrt)
TYPEGRAD_UNARY(sin, sin)
TYPEGRAD_UNARY(cos, cos)
TYPEGRAD_UNARY(tan, tan)
TYPEGRAD_UNARY(asin, asin)
TYPEGRAD_UNARY(acos, acos)
TYPEGRAD_UNARY(atan, atan)
TYPEGRAD_UNARY(sinh, sinh)
TYPEGRAD_UNARY(cosh, cosh)
TYPEGRAD_UNARY(asinh, asinh)
TYPEGRAD_UNARY(acosh, acosh)
TYPEGRAD_UNARY(atanh, atanh)
TYPEGRAD_UNARY(erf, erf)
TYPEGRAD_UNARY(floor, floor)
TYPEGRAD_UNARY(ceil, ceil)
TYPEGRAD_UNARY(round, round)
TYPEGRAD_UNARY(isfinite, is_finite)
/// The value, whose gradient is not propagated.
TYPEGRAD_UNARY(stop_gradient, stop_gradient)

#undef TYPEGRAD_UNARY

constexpr symbol square(symbol x) { return x * x; }
constexpr symbol reciprocal(symbol x) { return 1 / x; }
constexpr symbol cast(symbol x, dtype type) { return build::cast(x, type); }

constexpr symbol isnan(symbol x) { return x != x; }
constexpr symbol isinf(symbol x) { return !(isfinite(x) || isnan(x)); }
constexpr symbol logical_and(symbol a, symbol b) { return a && b; }
constexpr symbol logical_or(symbol a, symbol b) { return a || b; }
constexpr symbol logical_not(symbol x) { return !x; }
/// Whether exactly one of both is true.
constexpr symbol logical_xor(symbol a, symbol b) {
  return build::cast(a, dtype::boolean) != build::cast(b, dtype::boolean);
}

/// a where the condition holds, else b; the three broadcast.
constexpr symbol where(symbol condition, symbol a, symbol b) {
  return build::select(condition, a, b);
}
template <number T>
constexpr symbol where(symbol condition, symbol a, T b) {
  return where(condition, a, detail::constant_like(a, static_cast<double>(b)));
}
template <number T>
constexpr symbol where(symbol condition, T a, symbol b) {
  return where(condition, detail::constant_like(b, static_cast<double>(a)), b);
}

/// x held within [low, high].
template <number T, number U>
constexpr symbol clip(symbol x, T low, U high) {
  return minimum(maximum(x, low), high);
}

}  // namespace typegrad

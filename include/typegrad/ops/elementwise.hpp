// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/quiet.hpp>
#include <typegrad/ops/division.hpp>
#include <typegrad/ops/operators.hpp>
#include <typegrad/ops/reduction.hpp>  // gradient_context::add
#include <typegrad/ops/rule.hpp>
#include <typegrad/ops/trigonometry.hpp>

#include <cmath>

// The elementwise ops. `apply` works on scalars (bool, int, float, double) and on whatever offers
// the same functions by argument-dependent lookup, such as xsimd's batches and batch_bools.

TYPEGRAD_QUIET_BEGIN
namespace typegrad {

namespace detail {

/// condition ? a : b, for scalars and vectors.
template <class M, class T>
constexpr T choose(M const& condition, T const& a, T const& b) {
  if constexpr (std::is_same_v<M, bool>)
    return condition ? a : b;
  else
    return select(condition, a, b);
}

inline constexpr double ln_2 = 0.69314718055994531;
inline constexpr double ln_10 = 2.3025850929940457;

/// A cotangent where a condition holds, else zero.
constexpr symbol gated(symbol condition, symbol dy) { return where(condition, dy, 0); }

}  // namespace detail

// One operand -------------------------------------------------------------------------------------

template <>
struct rule<op::negate> {
  static constexpr std::string_view name = "negate";
  template <class T>
  static constexpr T apply(T const& x) {
    return -x;
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, -c.dy); }
};

template <>
struct rule<op::absolute> {
  static constexpr std::string_view name = "abs";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::abs;
    return abs(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * sign(c.operand(0))); }
};

template <>
struct rule<op::sign> : detail::no_gradient {
  static constexpr std::string_view name = "sign";
  template <class T>
  static constexpr T apply(T const& x) {
    T const zero(0), one(1);
    // NaN stays NaN
    return detail::choose(x > zero, one, detail::choose(x < zero, T(-one), T(x - x)));
  }
};

template <>
struct rule<op::exp> {
  static constexpr std::string_view name = "exp";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::exp;
    return exp(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * c.y); }
};

template <>
struct rule<op::exp2> {
  static constexpr std::string_view name = "exp2";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::exp2;
    return exp2(x);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy * (c.y * detail::ln_2));
  }
};

template <>
struct rule<op::expm1> {
  static constexpr std::string_view name = "expm1";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::expm1;
    return expm1(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * (c.y + 1)); }
};

template <>
struct rule<op::log> {
  static constexpr std::string_view name = "log";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::log;
    return log(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy / c.operand(0)); }
};

template <>
struct rule<op::log2> {
  static constexpr std::string_view name = "log2";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::log2;
    return log2(x);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy / (c.operand(0) * detail::ln_2));
  }
};

template <>
struct rule<op::log10> {
  static constexpr std::string_view name = "log10";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::log10;
    return log10(x);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy / (c.operand(0) * detail::ln_10));
  }
};

template <>
struct rule<op::log1p> {
  static constexpr std::string_view name = "log1p";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::log1p;
    return log1p(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy / (1 + c.operand(0))); }
};

template <>
struct rule<op::sqrt> {
  static constexpr std::string_view name = "sqrt";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::sqrt;
    return sqrt(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, 0.5 * c.dy / c.y); }
};

template <>
struct rule<op::rsqrt> {
  static constexpr std::string_view name = "rsqrt";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::sqrt;
    return T(1) / sqrt(x);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, -0.5 * c.dy * c.y / c.operand(0));
  }
};

template <>
struct rule<op::sigmoid> {
  static constexpr std::string_view name = "sigmoid";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::exp;
    return T(1) / (T(1) + exp(-x));
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * (c.y * (1 - c.y))); }
};

template <>
struct rule<op::erf> {
  static constexpr std::string_view name = "erf";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::erf;
    return erf(x);
  }
  static constexpr void gradient(gradient_context& c) {
    constexpr double two_over_sqrt_pi = 1.1283791670955126;
    c.add(0, c.dy * (two_over_sqrt_pi * exp(-square(c.operand(0)))));
  }
};

template <>
struct rule<op::floor> : detail::no_gradient {
  static constexpr std::string_view name = "floor";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::floor;
    return floor(x);
  }
};

template <>
struct rule<op::ceil> : detail::no_gradient {
  static constexpr std::string_view name = "ceil";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::ceil;
    return ceil(x);
  }
};

/// To the nearest integer, halves to the even one.
template <>
struct rule<op::round> : detail::no_gradient {
  static constexpr std::string_view name = "round";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::nearbyint;
    return nearbyint(x);
  }
};

template <>
struct rule<op::logical_not> : detail::no_gradient {
  static constexpr std::string_view name = "logical_not";
  template <class M>
  static constexpr M apply(M const& a) {
    return !a;
  }
};

template <>
struct rule<op::is_finite> : detail::no_gradient {
  static constexpr std::string_view name = "isfinite";
  template <class T>
  static constexpr auto apply(T const& x) {
    T const zero(0);
    return T(x - x) == zero;
  }
};

/// To another dtype; towards zero from floating to integer; what is not 0 is true.
/// Evaluators know the types, so there is no `apply`.
template <>
struct rule<op::cast> {
  static constexpr std::string_view name = "cast";
  static constexpr void gradient(gradient_context& c) {
    if (is_floating(c.operand(0).type()) && is_floating(c.y.type()))
      c.add(0, cast(c.dy, c.operand(0).type()));
  }
};

template <>
struct rule<op::stop_gradient> : detail::no_gradient {
  static constexpr std::string_view name = "stop_gradient";
  template <class T>
  static constexpr T apply(T const& x) {
    return x;
  }
};

// Two operands ------------------------------------------------------------------------------------

template <>
struct rule<op::add> {
  static constexpr std::string_view name = "add";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return static_cast<T>(a + b);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy);
    c.add(1, c.dy);
  }
};

template <>
struct rule<op::subtract> {
  static constexpr std::string_view name = "subtract";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return static_cast<T>(a - b);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy);
    c.add(1, -c.dy);
  }
};

template <>
struct rule<op::multiply> {
  static constexpr std::string_view name = "multiply";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return static_cast<T>(a * b);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy * c.operand(1));
    c.add(1, c.dy * c.operand(0));
  }
};

template <>
struct rule<op::divide> {
  static constexpr std::string_view name = "divide";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return static_cast<T>(a / b);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy / c.operand(1));
    c.add(1, -(c.dy * c.y / c.operand(1)));
  }
};

template <>
struct rule<op::power> {
  static constexpr std::string_view name = "power";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    using std::pow;
    return static_cast<T>(pow(a, b));
  }
  static constexpr void gradient(gradient_context& c) {
    symbol const a = c.operand(0);
    symbol const b = c.operand(1);
    c.add(0, c.dy * b * pow(a, b - 1));
    // 0^b has derivative 0 with respect to b
    c.add(1, c.dy * where(a > 0, c.y * log(where(a > 0, a, 1)), 0));
  }
};

namespace detail {

/// Where both operands are equal the first one gets the gradient, as in TensorFlow. Against a
/// constant the result itself tells which one was taken, so the operand need not be kept.
constexpr void extremum_of_two_gradient(gradient_context& c, bool greatest) {
  symbol const a = c.operand(0);
  symbol const b = c.operand(1);
  bool const repeated = a.info().code == op::broadcast;
  symbol const other = repeated ? symbol{c.owner(), c.owner().operand(a.id(), 0)} : a;
  if (other.info().code == op::constant) {
    c.add(1, gated(greatest ? c.y > a : c.y < a, c.dy));
    return;
  }
  symbol const first = greatest ? a >= b : a <= b;
  c.add(0, gated(first, c.dy));
  c.add(1, gated(!first, c.dy));
}

}  // namespace detail

/// NaN if an operand is.
template <>
struct rule<op::maximum> {
  static constexpr std::string_view name = "maximum";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return detail::choose(a > b || a != a, a, b);
  }
  static constexpr void gradient(gradient_context& c) {
    detail::extremum_of_two_gradient(c, true);
  }
};

template <>
struct rule<op::minimum> {
  static constexpr std::string_view name = "minimum";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return detail::choose(a < b || a != a, a, b);
  }
  static constexpr void gradient(gradient_context& c) {
    detail::extremum_of_two_gradient(c, false);
  }
};

#define TYPEGRAD_PREDICATE(code, symbolic)                \
  template <>                                             \
  struct rule<op::code> : detail::no_gradient {           \
    static constexpr std::string_view name = #code;       \
    template <class T>                                    \
    static constexpr auto apply(T const& a, T const& b) { \
      return a symbolic b;                                \
    }                                                     \
  };

TYPEGRAD_PREDICATE(equal, ==)
TYPEGRAD_PREDICATE(not_equal, !=)
TYPEGRAD_PREDICATE(less, <)
TYPEGRAD_PREDICATE(less_equal, <=)
TYPEGRAD_PREDICATE(greater, >)
TYPEGRAD_PREDICATE(greater_equal, >=)
TYPEGRAD_PREDICATE(logical_and, &&)
TYPEGRAD_PREDICATE(logical_or, ||)

#undef TYPEGRAD_PREDICATE

// Three operands ----------------------------------------------------------------------------------

template <>
struct rule<op::select> {
  static constexpr std::string_view name = "where";
  template <class M, class T>
  static constexpr T apply(M const& condition, T const& a, T const& b) {
    return detail::choose(condition, a, b);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(1, detail::gated(c.operand(0), c.dy));
    c.add(2, where(c.operand(0), 0, c.dy));
  }
};

}  // namespace typegrad
TYPEGRAD_QUIET_END

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/quiet.hpp>
#include <typegrad/ops/operators.hpp>
#include <typegrad/ops/reduction.hpp>  // gradient_context::add
#include <typegrad/ops/rule.hpp>

#include <cmath>

// Circular and hyperbolic functions and their inverses; see elementwise.hpp.

TYPEGRAD_QUIET_BEGIN
namespace typegrad {

template <>
struct rule<op::sin> {
  static constexpr std::string_view name = "sin";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::sin;
    return sin(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * cos(c.operand(0))); }
};

template <>
struct rule<op::cos> {
  static constexpr std::string_view name = "cos";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::cos;
    return cos(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, -(c.dy * sin(c.operand(0)))); }
};

template <>
struct rule<op::tan> {
  static constexpr std::string_view name = "tan";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::tan;
    return tan(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * (1 + c.y * c.y)); }
};

template <>
struct rule<op::asin> {
  static constexpr std::string_view name = "asin";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::asin;
    return asin(x);
  }
  static constexpr void gradient(gradient_context& c) {
    symbol const x = c.operand(0);
    c.add(0, c.dy * rsqrt((1 - x) * (1 + x)));
  }
};

template <>
struct rule<op::acos> {
  static constexpr std::string_view name = "acos";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::acos;
    return acos(x);
  }
  static constexpr void gradient(gradient_context& c) {
    symbol const x = c.operand(0);
    c.add(0, -(c.dy * rsqrt((1 - x) * (1 + x))));
  }
};

template <>
struct rule<op::atan> {
  static constexpr std::string_view name = "atan";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::atan;
    return atan(x);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy / (1 + square(c.operand(0))));
  }
};

template <>
struct rule<op::sinh> {
  static constexpr std::string_view name = "sinh";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::sinh;
    return sinh(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * cosh(c.operand(0))); }
};

template <>
struct rule<op::cosh> {
  static constexpr std::string_view name = "cosh";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::cosh;
    return cosh(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * sinh(c.operand(0))); }
};

template <>
struct rule<op::tanh> {
  static constexpr std::string_view name = "tanh";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::tanh;
    return tanh(x);
  }
  static constexpr void gradient(gradient_context& c) { c.add(0, c.dy * (1 - c.y * c.y)); }
};

template <>
struct rule<op::asinh> {
  static constexpr std::string_view name = "asinh";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::asinh;
    return asinh(x);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy * rsqrt(square(c.operand(0)) + 1));
  }
};

template <>
struct rule<op::acosh> {
  static constexpr std::string_view name = "acosh";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::acosh;
    return acosh(x);
  }
  static constexpr void gradient(gradient_context& c) {
    symbol const x = c.operand(0);
    c.add(0, c.dy * rsqrt((x - 1) * (x + 1)));
  }
};

template <>
struct rule<op::atanh> {
  static constexpr std::string_view name = "atanh";
  template <class T>
  static constexpr T apply(T const& x) {
    using std::atanh;
    return atanh(x);
  }
  static constexpr void gradient(gradient_context& c) {
    symbol const x = c.operand(0);
    c.add(0, c.dy / ((1 - x) * (1 + x)));
  }
};

/// The angle of the point (b, a), within ±pi.
template <>
struct rule<op::atan2> {
  static constexpr std::string_view name = "atan2";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    using std::atan2;
    return atan2(a, b);
  }
  static constexpr void gradient(gradient_context& c) {
    symbol const a = c.operand(0);
    symbol const b = c.operand(1);
    symbol const scaled = c.dy / (square(a) + square(b));
    c.add(0, scaled * b);
    c.add(1, -(scaled * a));
  }
};

}  // namespace typegrad
TYPEGRAD_QUIET_END

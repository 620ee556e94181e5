// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/quiet.hpp>
#include <typegrad/ops/operators.hpp>
#include <typegrad/ops/reduction.hpp>  // gradient_context::add
#include <typegrad/ops/rule.hpp>

#include <cmath>
#include <cstddef>
#include <type_traits>

// Division that is rounded down; see elementwise.hpp.

TYPEGRAD_QUIET_BEGIN
namespace typegrad {

namespace detail {

/// f of numbers, or of the lanes of vectors one by one.
template <class F, class T, class... Rest>
constexpr T lane_by_lane(F const& f, T const& a, Rest const&... rest) {
  if constexpr (std::is_arithmetic_v<T>) {
    return f(a, rest...);
  } else {
    using value = typename T::value_type;
    constexpr std::size_t count = T::size;
    value lanes[1 + sizeof...(Rest)][count] = {};
    std::size_t next = 0;
    for (T const* const x : {&a, &rest...}) x->store_unaligned(lanes[next++]);
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (sizeof...(Rest) == 0)
        lanes[0][i] = f(lanes[0][i]);
      else
        lanes[0][i] = f(lanes[0][i], lanes[1][i]);
    }
    return T::load_unaligned(lanes[0]);
  }
}

/// The remainder of a / b rounded down: of b's sign. Of a division by 0 NaN, or 0 for integers.
/// Source: Python, NumPy's `remainder`.
struct remainder_of {
  template <class T>
  constexpr T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0 || b == T(-1)) return 0;
      T const r = static_cast<T>(a % b);
      return static_cast<T>(r != 0 && (r < 0) != (b < 0) ? r + b : r);
    } else {
      using std::copysign;
      using std::fmod;
      T const r = fmod(a, b);
      if (r == 0) return copysign(T(0), b);
      return (r < 0) != (b < 0) ? r + b : r;
    }
  }
};
/// a / b rounded down. Of a division by 0 an infinity or NaN, or 0 for integers. Source: NumPy's
/// `floor_divide`.
struct floor_divided {
  template <class T>
  constexpr T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) return 0;
      if (b == T(-1))
        return static_cast<T>(std::make_unsigned_t<T>(0) - std::make_unsigned_t<T>(a));
      T const q = static_cast<T>(a / b);
      return static_cast<T>(a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q);
    } else {
      using std::copysign;
      using std::floor;
      using std::fmod;
      if (b == 0) return a / b;
      T const r = fmod(a, b);
      T q = (a - r) / b;
      if (r != 0 && (r < 0) != (b < 0)) q -= 1;
      if (q == 0) return copysign(T(0), a / b);
      T const whole = floor(q);
      return q - whole > T(0.5) ? whole + 1 : whole;
    }
  }
};

}  // namespace detail

template <>
struct rule<op::floor_divide> : detail::no_gradient {
  static constexpr std::string_view name = "floor_divide";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return detail::lane_by_lane(detail::floor_divided{}, a, b);
  }
};

template <>
struct rule<op::remainder> {
  static constexpr std::string_view name = "mod";
  template <class T>
  static constexpr T apply(T const& a, T const& b) {
    return detail::lane_by_lane(detail::remainder_of{}, a, b);
  }
  static constexpr void gradient(gradient_context& c) {
    c.add(0, c.dy);
    c.add(1, -(c.dy * floor_divide(c.operand(0), c.operand(1))));
  }
};

}  // namespace typegrad
TYPEGRAD_QUIET_END

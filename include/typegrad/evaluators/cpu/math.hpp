// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/lane.hpp>
#include <typegrad/ops/registry.hpp>

#include <typegrad/evaluators/cpu/xsimd.hpp>

#include <limits>
#include <type_traits>

// Mathematics on float vectors where a few instructions less are felt. Polynomials are minimax fits
// of relative error; bounds in units in the last place (ulp) are measured by tests.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

namespace detail {

/// 2^n x for integers n in float lanes, rounded once; overflows to infinity.
template <class Arch>
TYPEGRAD_INLINE xsimd::batch<float, Arch> scaled(xsimd::batch<float, Arch> const& x,
                                                 xsimd::batch<float, Arch> const& n) {
#if XSIMD_WITH_AVX512F
  if constexpr (has_avx512<Arch>) return _mm512_scalef_ps(x, n);
#endif
  using batch = xsimd::batch<float, Arch>;
  auto const whole = xsimd::to_int(n);
  auto const half = whole >> 1;
  auto const rest = whole - half;
  auto const power = [](auto const& k) {
    return xsimd::bitwise_cast<float>((k + std::int32_t{127}) << 23);
  };
  return batch(x * power(half)) * power(rest);
}

}  // namespace detail

/// e^x within 1.5 ulp; 0 below -104, infinity above 88.73, NaN for NaN.
template <class Arch>
TYPEGRAD_INLINE xsimd::batch<float, Arch> fast_exp(xsimd::batch<float, Arch> x) {
  using batch = xsimd::batch<float, Arch>;
  // the second operand is the result if it is NaN
  x = xsimd::max(batch(-104.0F), xsimd::min(batch(89.0F), x));
  batch const n = xsimd::nearbyint(x * batch(1.44269504F));
  batch r = xsimd::fnma(n, batch(0.693359375F), x);
  r = xsimd::fnma(n, batch(-2.12194440e-4F), r);
  batch q(0.0013814539F);
  q = xsimd::fma(q, r, batch(0.0083687454F));
  q = xsimd::fma(q, r, batch(0.0416683890F));
  q = xsimd::fma(q, r, batch(0.1666652113F));
  q = xsimd::fma(q, r, batch(0.4999999404F));
  batch const y = xsimd::fma(r * r, q, r) + batch(1.0F);
  return detail::scaled(y, n);
}

/// tanh x within 5.5 ulp, never beyond ±1; NaN for NaN.
template <class Arch>
TYPEGRAD_INLINE xsimd::batch<float, Arch> fast_tanh(xsimd::batch<float, Arch> x) {
  using batch = xsimd::batch<float, Arch>;
  x = xsimd::max(batch(-9.02F), xsimd::min(batch(9.02F), x));
  batch const y = x * x;
  batch p(1.3318972591491729e-08F);
  p = xsimd::fma(p, y, batch(2.0583407604135573e-05F));
  p = xsimd::fma(p, y, batch(0.00349403009749949F));
  p = xsimd::fma(p, y, batch(0.13379713892936707F));
  p = xsimd::fma(p, y, batch(1.0F));
  batch q(7.761977940390352e-07F);
  q = xsimd::fma(q, y, batch(0.0003283085534349084F));
  q = xsimd::fma(q, y, batch(0.02587105520069599F));
  q = xsimd::fma(q, y, batch(0.46713030338287354F));
  q = xsimd::fma(q, y, batch(1.0F));
  batch const t = x * p / q;
  return xsimd::max(batch(-1.0F), xsimd::min(batch(1.0F), t));
}

namespace detail {

/// f of doubles, where f does not change beyond ±10000 any more: xsimd converts what grows like the
/// exponent to an integer, which is undefined for an infinity and for NaN.
template <class F, class V>
TYPEGRAD_INLINE V of_bounded(F const& f, V const& x) {
  if constexpr (std::is_same_v<typename V::value_type, double>) {
    auto const number = x == x;
    V const bounded = xsimd::max(V(-1e4), xsimd::min(V(1e4), x));
    return xsimd::select(number, f(xsimd::select(number, bounded, V(0))), x);
  } else {
    return f(x);
  }
}

/// The op's own rule, of bounded doubles.
template <op Code>
struct bounded_rule {
  template <class V>
  TYPEGRAD_INLINE static V apply(V const& x) {
    return of_bounded(
        [](V const& v) __attribute__((always_inline)) { return rule<Code>::apply(v); }, x);
  }
};

}  // namespace detail

/// The mathematics of an elementwise op on vectors: the op's own rule, unless there is a faster way
/// on this evaluator.
template <op Code>
struct vector_rule : rule<Code> {};

template <>
struct vector_rule<op::exp2> : detail::bounded_rule<op::exp2> {};
template <>
struct vector_rule<op::expm1> : detail::bounded_rule<op::expm1> {};
template <>
struct vector_rule<op::sinh> : detail::bounded_rule<op::sinh> {};
template <>
struct vector_rule<op::cosh> : detail::bounded_rule<op::cosh> {};

template <>
struct vector_rule<op::exp> {
  template <class V>
  TYPEGRAD_INLINE static V apply(V const& x) {
    if constexpr (std::is_same_v<typename V::value_type, float>)
      return fast_exp(x);
    else
      return detail::bounded_rule<op::exp>::apply(x);
  }
};

template <>
struct vector_rule<op::tanh> {
  template <class V>
  TYPEGRAD_INLINE static V apply(V const& x) {
    if constexpr (std::is_same_v<typename V::value_type, float>)
      return fast_tanh(x);
    else
      return detail::bounded_rule<op::tanh>::apply(x);
  }
};

template <>
struct vector_rule<op::acosh> {
  template <class V>
  TYPEGRAD_INLINE static V apply(V const& x) {
    using real = typename V::value_type;
    // xsimd's gives numbers for many x below 1
    return xsimd::select(x >= V(1), xsimd::acosh(x), V(std::numeric_limits<real>::quiet_NaN()));
  }
};

/// xsimd's is NaN where both are 0 or infinite.
template <>
struct vector_rule<op::atan2> {
  template <class V>
  static V apply(V const& a, V const& b) {
    return typegrad::detail::lane_by_lane([](auto y, auto x) { return std::atan2(y, x); }, a, b);
  }
};

template <>
struct vector_rule<op::sigmoid> {
  template <class V>
  TYPEGRAD_INLINE static V apply(V const& x) {
    return V(1) / (V(1) + vector_rule<op::exp>::apply(V(-x)));
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

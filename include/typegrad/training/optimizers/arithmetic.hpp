// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>
#include <concepts>

// What the optimizers' rules call, for single numbers: a rule is written once, for vectors of xsimd
// (whose functions are found by their arguments) and for these.
namespace typegrad::training_detail {

template <std::same_as<float> T>
constexpr T fma(T a, T b, T c) {  // a b + c
  return std::fma(a, b, c);
}
template <std::same_as<float> T>
constexpr T fms(T a, T b, T c) {  // a b - c
  return std::fma(a, b, -c);
}
template <std::same_as<float> T>
constexpr T fnma(T a, T b, T c) {  // c - a b
  return std::fma(-a, b, c);
}
template <std::same_as<float> T>
constexpr T sqrt(T x) {
  return std::sqrt(x);
}
template <std::same_as<float> T>
constexpr T select(bool condition, T a, T b) {
  return condition ? a : b;
}

}  // namespace typegrad::training_detail

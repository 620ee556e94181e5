// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace typegrad {

/// The type of a value's elements.
enum class dtype : std::uint8_t { float32, float64, float16, bfloat16, int8, int32, boolean };

constexpr bool is_floating(dtype t) { return t <= dtype::bfloat16; }
/// The floating types of 16 bits.
constexpr bool is_half(dtype t) { return t == dtype::float16 || t == dtype::bfloat16; }

constexpr std::int64_t bytes_of(dtype t) {
  switch (t) {
    case dtype::float64: return 8;
    case dtype::float32:
    case dtype::int32: return 4;
    case dtype::float16:
    case dtype::bfloat16: return 2;
    default: return 1;
  }
}

constexpr std::string_view to_text(dtype t) {
  constexpr std::string_view names[] = {"float32", "float64", "float16", "bfloat16",
                                        "int8",    "int32",   "bool"};
  return names[static_cast<int>(t)];
}

/// The dtype of C++'s own element types: float, double, std::int32_t, std::int8_t and bool.
template <class T>
struct dtype_of_type;
template <>
struct dtype_of_type<float> {
  static constexpr dtype value = dtype::float32;
};
template <>
struct dtype_of_type<double> {
  static constexpr dtype value = dtype::float64;
};
template <>
struct dtype_of_type<std::int32_t> {
  static constexpr dtype value = dtype::int32;
};
template <>
struct dtype_of_type<std::int8_t> {
  static constexpr dtype value = dtype::int8;
};
template <>
struct dtype_of_type<bool> {
  static constexpr dtype value = dtype::boolean;
};
template <class T>
inline constexpr dtype dtype_of = dtype_of_type<T>::value;

/// A type that tensors can have elements of.
template <class T>
concept tensor_element = requires { dtype_of_type<T>::value; };

}  // namespace typegrad

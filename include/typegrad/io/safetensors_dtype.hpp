// SPDX-License-Identifier: BSL-1.0
// The types of values that a safetensors file can hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace typegrad::safetensors {

/// In the ascending order by which files are sorted.
enum class dtype : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64
};

namespace io_detail {

struct dtype_fact {
  std::string_view name;
  unsigned bits;
};

inline constexpr std::array<dtype_fact, 22> dtype_facts{
    {{"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
     {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
     {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
     {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
     {"I64", 64},        {"U64", 64}}};

template <class T>
constexpr dtype find_dtype() {
  if constexpr (std::is_same_v<T, bool>) return dtype::boolean;
  if constexpr (std::is_same_v<T, float>) return dtype::f32;
  if constexpr (std::is_same_v<T, double>) return dtype::f64;
  if constexpr (std::is_integral_v<T>) {
    constexpr bool is_signed = std::is_signed_v<T>;
    switch (sizeof(T)) {
      case 1:
        return is_signed ? dtype::i8 : dtype::u8;
      case 2:
        return is_signed ? dtype::i16 : dtype::u16;
      case 4:
        return is_signed ? dtype::i32 : dtype::u32;
      default:
        return is_signed ? dtype::i64 : dtype::u64;
    }
  }
}

}  // namespace io_detail

/// "F32", as in the file.
constexpr std::string_view name_of(dtype type) {
  return io_detail::dtype_facts[static_cast<std::size_t>(type)].name;
}

/// The bits of one value.
constexpr unsigned bits(dtype type) {
  return io_detail::dtype_facts[static_cast<std::size_t>(type)].bits;
}

/// The dtype of a C++ type: bool, float, double or an integer.
template <class T>
inline constexpr dtype dtype_of = io_detail::find_dtype<std::remove_cv_t<T>>();

}  // namespace typegrad::safetensors

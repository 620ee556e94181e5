// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/dtype.hpp>

#include <bit>
#include <cstdint>
#include <type_traits>

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

// The 16-bit floating types as they lie in memory. They have no arithmetic: values are computed in
// float and rounded once, to nearest, ties to even.

namespace typegrad {

namespace detail {

constexpr std::uint16_t float16_bits(float value) {
#if defined(__CUDA_ARCH__)
  if (!std::is_constant_evaluated()) return __half_as_ushort(__float2half_rn(value));
#endif
  auto const x = std::bit_cast<std::uint32_t>(value);
  std::uint32_t const magnitude = x & 0x7fffffffU;
  std::uint32_t bits = 0;
  if (magnitude > 0x7f800000U) {  // NaN, made quiet
    bits = 0x7e00U | (magnitude >> 13 & 0x3ffU);
  } else if (magnitude >= 0x477ff000U) {  // from 65520 on: infinity
    bits = 0x7c00U;
  } else if (magnitude >= 0x38800000U) {  // from 2^-14 on: the exponent's bias is 112 less
    bits = (magnitude - 0x38000000U + 0xfffU + (magnitude >> 13 & 1U)) >> 13;
  } else if (magnitude > 0x33000000U) {  // above 2^-25: multiples of 2^-24
    std::uint32_t const shift = 126 - (magnitude >> 23);
    std::uint32_t const digits = (magnitude & 0x7fffffU) | 0x800000U;
    std::uint32_t const rest = digits & ((1U << shift) - 1U);
    std::uint32_t const half = 1U << (shift - 1U);
    bits = digits >> shift;
    if (rest > half || (rest == half && (bits & 1U) != 0)) ++bits;
  }
  return static_cast<std::uint16_t>((x >> 16 & 0x8000U) | bits);
}

constexpr float float16_value(std::uint16_t bits) {
#if defined(__CUDA_ARCH__)
  if (!std::is_constant_evaluated()) return __half2float(__ushort_as_half(bits));
#endif
  std::uint32_t const sign = (bits & 0x8000U) << 16;
  std::uint32_t const exponent = bits >> 10 & 0x1fU;
  std::uint32_t const digits = bits & 0x3ffU;
  std::uint32_t magnitude = 0;
  if (exponent == 0x1fU)  // infinity, or NaN, made quiet
    magnitude = 0x7f800000U | digits << 13 | (digits != 0 ? 0x400000U : 0U);
  else if (exponent != 0)
    magnitude = (exponent + 112U) << 23 | digits << 13;
  else  // multiples of 2^-24
    magnitude = std::bit_cast<std::uint32_t>(static_cast<float>(digits) * 0x1p-24F);
  return std::bit_cast<float>(sign | magnitude);
}

constexpr std::uint16_t bfloat16_bits(float value) {
#if defined(__CUDA_ARCH__)
  if (!std::is_constant_evaluated()) return __bfloat16_as_ushort(__float2bfloat16_rn(value));
#endif
  auto const x = std::bit_cast<std::uint32_t>(value);
  if ((x & 0x7fffffffU) > 0x7f800000U)  // NaN, made quiet
    return static_cast<std::uint16_t>(x >> 16 | 0x40U);
  return static_cast<std::uint16_t>((x + 0x7fffU + (x >> 16 & 1U)) >> 16);
}

constexpr float bfloat16_value(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace detail

/// IEEE 754 binary16: 5 bits of exponent, 11 of precision, up to 65504. As with float, what is
/// default-initialized has no particular value.
struct float16 {
  std::uint16_t bits;

  float16() = default;
  /// The nearest one, of two the even one; from 65520 on infinity. NaN becomes a quiet NaN.
  constexpr explicit float16(float value) : bits{detail::float16_bits(value)} {}
  static constexpr float16 from_bits(std::uint16_t b) {
    float16 x{};
    x.bits = b;
    return x;
  }
  constexpr explicit operator float() const { return detail::float16_value(bits); }
};

/// The upper half of a float: 8 bits of exponent, 8 of precision.
struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  /// The nearest one, of two the even one. NaN becomes a quiet NaN.
  constexpr explicit bfloat16(float value) : bits{detail::bfloat16_bits(value)} {}
  static constexpr bfloat16 from_bits(std::uint16_t b) {
    bfloat16 x{};
    x.bits = b;
    return x;
  }
  constexpr explicit operator float() const { return detail::bfloat16_value(bits); }
};

static_assert(sizeof(float16) == 2 && std::is_trivial_v<float16>);
static_assert(sizeof(bfloat16) == 2 && std::is_trivial_v<bfloat16>);

/// x as float16 or bfloat16 would keep it, if `type` is one of them; else x as it is.
constexpr double rounded_to_half(double x, dtype type) {
  if (!is_half(type)) return x;
  // beyond the floats, where a constant expression may not convert, both types are infinite
  constexpr double most = 3.4028234663852886e38;
  float const f = x > most    ? std::bit_cast<float>(0x7f800000U)
                  : x < -most ? std::bit_cast<float>(0xff800000U)
                              : static_cast<float>(x);
  return type == dtype::float16 ? static_cast<double>(static_cast<float>(float16{f}))
                                : static_cast<double>(static_cast<float>(bfloat16{f}));
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#include <typegrad/core/half.hpp>

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace {

using typegrad::bfloat16;
using typegrad::dtype;
using typegrad::float16;
using typegrad::rounded_to_half;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// Values known to everybody.
static_assert(float16{1.0F}.bits == 0x3c00 && float16{-2.0F}.bits == 0xc000);
static_assert(float16{65504.0F}.bits == 0x7bff && float16{0.0F}.bits == 0);
static_assert(float16{-0.0F}.bits == 0x8000);
static_assert(float16{1.0F / 3.0F}.bits == 0x3555);
static_assert(bfloat16{1.0F}.bits == 0x3f80 && bfloat16{-0.0F}.bits == 0x8000);
static_assert(bfloat16{3.14159265F}.bits == 0x4049);
static_assert(static_cast<float>(float16::from_bits(0x0001)) == 0x1p-24F);
static_assert(static_cast<float>(float16::from_bits(0x03ff)) == 0x1.ff8p-15F);
static_assert(static_cast<float>(float16::from_bits(0x0400)) == 0x1p-14F);
static_assert(static_cast<float>(bfloat16::from_bits(0x0001)) == 0x1p-133F);

// Ties go to the even neighbour.
static_assert(float16{1.0F + 0x1p-11F}.bits == 0x3c00);
static_assert(float16{1.0F + 0x3p-11F}.bits == 0x3c02);
static_assert(float16{1.0F + 0x1p-11F + 0x1p-23F}.bits == 0x3c01);
static_assert(bfloat16{1.0F + 0x1p-8F}.bits == 0x3f80);
static_assert(bfloat16{1.0F + 0x3p-8F}.bits == 0x3f82);
static_assert(bfloat16{1.0F + 0x1p-8F + 0x1p-23F}.bits == 0x3f81);
static_assert(float16{0x1p-25F}.bits == 0 && float16{0x1.000002p-25F}.bits == 1);
static_assert(float16{0x3p-25F}.bits == 2 && float16{0x5p-25F}.bits == 2);
// Rounding carries over into the next power of two.
static_assert(float16{0x1.ffep-15F}.bits == 0x0400 && float16{2047.5F}.bits == 0x6800);
static_assert(bfloat16{0x1.ffp0F}.bits == 0x4000);

// Overflow.
static_assert(float16{65519.996F}.bits == 0x7bff && float16{65520.0F}.bits == 0x7c00);
static_assert(float16{infinity}.bits == 0x7c00 && float16{-1e30F}.bits == 0xfc00);
static_assert(bfloat16{std::numeric_limits<float>::max()}.bits == 0x7f80);
static_assert(bfloat16{0x1.fep127F}.bits == 0x7f7f && bfloat16{-infinity}.bits == 0xff80);

static_assert(rounded_to_half(0.1, dtype::float32) == 0.1);
static_assert(rounded_to_half(1e300, dtype::float16) == double{infinity});
static_assert(rounded_to_half(-1e300, dtype::bfloat16) == -double{infinity});
static_assert(rounded_to_half(257.0, dtype::bfloat16) == 256.0);
static_assert(rounded_to_half(257.0, dtype::float16) == 257.0);

/// The rounding as IEEE 754 defines it, in double arithmetic: `digits` of precision, `least` the
/// exponent of the smallest normal number, `greatest` that of the largest.
double nearest(double x, int digits, int least, int greatest) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = 0;
  std::frexp(x, &exponent);
  if (exponent - 1 < least) exponent = least + 1;
  double const unit = std::ldexp(1.0, exponent - digits);
  double const rounded = std::nearbyint(x / unit) * unit;  // ties to even
  return std::abs(rounded) >= std::ldexp(1.0, greatest + 1)
             ? std::copysign(std::numeric_limits<double>::infinity(), x)
             : rounded;
}

/// The law for all floats: what comes back is the nearest value there is.
template <class Half>
bool rounds(float x) {
  auto const got = static_cast<double>(static_cast<float>(Half{x}));
  bool const is_float16 = std::is_same_v<Half, float16>;
  double const wanted =
      is_float16 ? nearest(double{x}, 11, -14, 15) : nearest(double{x}, 8, -126, 127);
  if (std::isnan(x)) return std::isnan(got) && std::signbit(got) == std::signbit(x);
  return got == wanted && std::signbit(got) == std::signbit(wanted);
}

template <class Half>
unsigned wrong_patterns(std::uint32_t quiet, std::uint32_t infinite) {
  unsigned wrong = 0;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    auto const bits = static_cast<std::uint16_t>(i);
    auto const value = static_cast<float>(Half::from_bits(bits));
    bool const is_nan = (i & 0x7fffU) > infinite;
    wrong += std::isnan(value) != is_nan;
    wrong += Half{value}.bits != (is_nan ? (i | quiet) : i);  // a signalling NaN comes back quiet
  }
  return wrong;
}

TEST_CASE("every 16-bit value is a float and comes back as it was") {
  CHECK(wrong_patterns<float16>(0x0200, 0x7c00) == 0);
  CHECK(wrong_patterns<bfloat16>(0x0040, 0x7f80) == 0);
}

TEST_CASE("floats become the nearest 16-bit value") {
  CHECK(std::isnan(static_cast<float>(float16{nan})));
  CHECK(std::isnan(static_cast<float>(bfloat16{nan})));
  // NaNs whose digits all lie below those that are kept
  CHECK(std::isnan(static_cast<float>(float16{std::bit_cast<float>(0x7f800001U)})));
  CHECK(std::isnan(static_cast<float>(bfloat16{std::bit_cast<float>(0xff800001U)})));
  unsigned wrong = 0;
  auto const check = [&](std::uint32_t bits) {
    auto const x = std::bit_cast<float>(bits);
    wrong += !rounds<float16>(x);
    wrong += !rounds<bfloat16>(x);
  };
  // around each value and each midpoint of float16 and bfloat16
  for (std::uint32_t high = 0; high < 65536; ++high)
    for (std::uint32_t const low : {0x0000U, 0x0001U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU})
      check(high << 16 | low);
  for (std::uint32_t high = 0; high < (1U << 20); ++high)
    for (std::uint32_t const low : {0x000U, 0x001U, 0xfffU}) check(high << 12 | low);
  std::mt19937 random{7};
  for (int i = 0; i < 1'000'000; ++i) check(static_cast<std::uint32_t>(random()));
  CHECK(wrong == 0);
}

}  // namespace

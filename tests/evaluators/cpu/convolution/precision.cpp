// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>

using namespace convolution_test;

TEST_CASE("convolutions in double precision", "[convolution]") {
  check<conv2(valid_axis(7, 3), valid_axis(9, 3), 3, 17), double>(3, 2);
  check<conv2(same_axis(9, 3, 2), same_axis(8, 3, 2), 6, 40), double>(3, 3);
  check<conv2(valid_axis(12, 3, {.dilation = 2, .low = 1}), valid_axis(13, 3), 17, 5, 1), double>(
      3);
  check<conv2(same_axis(6, 3), same_axis(7, 3), 6, 8, 2), double>(3);
  check<conv2(same_axis(16, 5), same_axis(16, 5), 1, 6), double>(3, 2);
}

#if XSIMD_WITH_AVX2
TEST_CASE("convolutions with half as long vectors and half as many registers", "[convolution]") {
#if XSIMD_WITH_FMA3_AVX2
  using arch = xsimd::fma3<xsimd::avx2>;
#else
  using arch = xsimd::avx2;
#endif
  check<conv2(valid_axis(7, 3), valid_axis(9, 3), 3, 17), float, arch>(3, 2);
  check<conv2(same_axis(9, 3, 2), same_axis(8, 3, 2), 6, 40), float, arch>(3, 3);
  check<conv2(same_axis(14, 5), same_axis(14, 5), 1, 6), float, arch>(3);
  check<conv2(valid_axis(14, 5), valid_axis(14, 5), 6, 16), float, arch>(3);
  check<conv2(same_axis(6, 3), same_axis(7, 3), 6, 8, 2), float, arch>(3);
  check<conv2(same_axis(7, 3), same_axis(8, 3), 9, 30), double, arch>(3, 2);
}
#endif

// Large enough for several panels that are packed one by one, blocks of samples, and a team.
TEST_CASE("convolutions of many channels", "[convolution]") {
  check<conv2(same_axis(4, 3), same_axis(4, 3), 256, 300)>(3, 3);
  check<conv2(same_axis(8, 3, 2), same_axis(8, 3, 2), 200, 130)>(2, 2);
}

// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

// Other element types, vectors of other widths, long epilogues.

using namespace windows;

TEST_CASE("cpu windows: float64", "[cpu]") {
  check<over(11, axis(9, 2, 2, 0, 1), axis(8, 2, 2)), double>();
  check<over(6, axis(9, 3, 2, 1, 1), axis(8, 3, 2)), double>();
}
TEST_CASE("cpu windows: a long epilogue", "[cpu]") {
  using arch = xsimd::default_arch;
  check<over(19, axis(9, 2, 2, 0, 1), axis(8, 2, 2)), float, arch, true>();
  check<over(19, axis(9, 3, 2, 1, 1), axis(8, 3, 2)), float, arch, true>();
}
#if XSIMD_WITH_AVX2 && XSIMD_WITH_FMA3_AVX2
TEST_CASE("cpu windows: AVX2", "[cpu]") {
  using arch = xsimd::fma3<xsimd::avx2>;
  check<over(6, axis(28, 2, 2), axis(28, 2, 2)), float, arch>();
  check<over(17, axis(9, 3, 2, 1, 1), axis(8, 3, 2)), float, arch>();
  check<over(11, axis(9, 2, 2, 0, 1), axis(8, 2, 2)), double, arch>();
}
#endif
#if XSIMD_WITH_SSE2
TEST_CASE("cpu windows: SSE2", "[cpu]") {
  check<over(6, axis(28, 2, 2), axis(28, 2, 2)), float, xsimd::sse2>();
  check<over(17, axis(9, 3, 2, 1, 1), axis(8, 3, 2)), float, xsimd::sse2>();
}
#endif

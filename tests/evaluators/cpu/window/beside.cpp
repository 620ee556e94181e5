// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

// Windows of few channels, several of which share a vector.

using namespace windows;

namespace {

template <pooling_shape Shape, class T = float>
constexpr int windows_of_vector =
    on_cpu::detail::beside_of<on_cpu::detail::window_walk<Shape, T, xsimd::default_arch>>::windows;

constexpr bool wide = on_cpu::detail::has_avx512<xsimd::default_arch>;
static_assert(windows_of_vector<over(6, axis(28, 2, 2), axis(28, 2, 2))> == (wide ? 2 : 1));
static_assert(windows_of_vector<over(1, axis(28, 2, 2))> == (wide ? 16 : 1));
static_assert(windows_of_vector<over(3, axis(28, 2, 2))> == (wide ? 5 : 1));
static_assert(windows_of_vector<over(5, axis(28, 4, 4))> == (wide ? 2 : 1));
static_assert(windows_of_vector<over(8, axis(28, 8, 8))> == 1);  // too far apart
static_assert(windows_of_vector<over(9, axis(28, 2, 2))> == 1);
static_assert(windows_of_vector<over(6, axis(28, 2, 2)), double> == 1);

}  // namespace

TEST_CASE("cpu windows of few channels: one to eight", "[cpu][threads]") {
  check<over(1, axis(6, 2, 2), axis(70, 2, 2))>();
  check<over(2, axis(6, 2, 2), axis(35, 2, 2))>();
  check<over(3, axis(7, 3, 3), axis(35, 3, 3))>();
  check<over(4, axis(5, 2, 2), axis(27, 2, 2))>();
  check<over(6, axis(4, 2, 2), axis(28, 2, 2)), float, xsimd::default_arch, true>();
  check<over(8, axis(7, 2, 3), axis(13, 2, 2))>();
}
TEST_CASE("cpu windows of few channels: overlapping, padded, with gaps", "[cpu][threads]") {
  check<over(6, axis(7, 3, 2, 1, 1), axis(19, 3, 2, 1, 1))>();
  check<over(3, axis(5, 2, 1), axis(19, 2, 2, 1, 0))>();
  check<over(5, axis(6, 2, 2), axis(21, 2, 3))>();
}

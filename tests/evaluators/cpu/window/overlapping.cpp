// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

// Windows that overlap.

using namespace windows;

TEST_CASE("cpu windows: 3 x 3 every 2", "[cpu][threads]") {
  check<over(64, axis(9, 3, 2, 1, 1), axis(8, 3, 2, 0, 1))>();
  check<over(17, axis(9, 3, 2), axis(11, 3, 2))>();
}
TEST_CASE("cpu windows: every element", "[cpu][threads]") {
  check<over(16, axis(7, 3, 1, 1, 1), axis(7, 3, 1, 1, 1))>();
  check<over(1, axis(9, 2, 1), axis(9, 5, 1))>();
}
TEST_CASE("cpu windows: overlapping along one axis only", "[cpu]") {
  check<over(6, axis(9, 3, 3), axis(8, 3, 2))>();
  check<over(3, axis(9, 4, 1, 2, 2), axis(8, 2, 3))>();
}
TEST_CASE("cpu windows: long overlapping windows", "[cpu]") {
  check<over(70, axis(9, 5, 2, 2, 2), axis(8, 6, 1, 3, 2))>();
}
TEST_CASE("cpu windows: one axis, overlapping", "[cpu]") {
  check<over(17, axis(37, 4, 3, 1, 2))>();
  check<over(33, axis(3000, 3, 1, 1, 1))>(2);  // several bands
}
TEST_CASE("cpu windows: three axes, overlapping", "[cpu]") {
  check<over(3, axis(5, 2, 1), axis(4, 3, 2, 1, 1), axis(6, 3, 1, 1, 1))>();
  check<over(16, axis(1, 3, 1, 1, 1), axis(6, 3, 2, 1, 1), axis(5, 2, 1))>();
}
TEST_CASE("cpu windows: dilated, overlapping", "[cpu]") {
  check<over(6, axis(11, 3, 1, 2, 2, 2), axis(12, 2, 2, 0, 3, 3))>();
}
TEST_CASE("cpu windows: several bands", "[cpu][threads]") {
  check<over(64, axis(150, 3, 2, 1, 1), axis(80, 3, 1, 1, 1))>(2);
  check<over(16, axis(90, 5, 3, 2, 2, 2), axis(300, 3, 1, 1, 1))>(2);
}

// The tests of several bands have some.
static_assert(
    on_cpu::detail::scatter_overlapping<over(64, axis(150, 3, 2, 1, 1), axis(80, 3, 1, 1, 1)),
                                        float, xsimd::default_arch>::bands > 1);

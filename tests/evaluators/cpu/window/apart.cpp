// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

// Windows that do not overlap.

using namespace windows;

TEST_CASE("cpu windows: 2 x 2", "[cpu][threads]") {
  check<over(6, axis(28, 2, 2), axis(28, 2, 2))>();
  check<over(64, axis(8, 2, 2), axis(8, 2, 2))>();
  check<over(17, axis(6, 2, 2), axis(10, 2, 2))>();
}
TEST_CASE("cpu windows: elements that no window reads", "[cpu][threads]") {
  check<over(16, axis(13, 2, 2), axis(13, 2, 2))>();
  check<over(3, axis(11, 2, 4), axis(9, 1, 3))>();
  check<over(1, axis(7, 2, 3), axis(8, 3, 3))>();
}
TEST_CASE("cpu windows: padding around windows that do not overlap", "[cpu][threads]") {
  check<over(17, axis(13, 2, 2, 0, 1), axis(13, 2, 2, 0, 1))>();
  check<over(3, axis(7, 3, 3, 1, 1), axis(5, 3, 4, 1, 2))>();
}
TEST_CASE("cpu windows: windows in padding alone", "[cpu]") {
  check<over(3, axis(2, 2, 2, 4, 4), axis(3, 2, 2, 2, 3))>();
}
TEST_CASE("cpu windows: one axis, not overlapping", "[cpu]") {
  check<over(16, axis(37, 4, 4))>();
  check<over(1, axis(37, 3, 7, 2, 5))>();
}
TEST_CASE("cpu windows: three axes, not overlapping", "[cpu]") {
  check<over(3, axis(5, 2, 2), axis(4, 2, 2), axis(6, 2, 2))>();
  check<over(17, axis(3, 1, 2, 1, 1), axis(4, 2, 3), axis(6, 3, 3))>();
}
TEST_CASE("cpu windows: dilated, not overlapping", "[cpu]") {
  check<over(6, axis(11, 2, 3, 1, 1, 2), axis(12, 2, 4, 0, 0, 3))>();
}
TEST_CASE("cpu windows: one window over everything", "[cpu][threads]") {
  check<over(64, axis(8, 8, 1), axis(8, 8, 1))>();
  check<over(100, axis(7, 7, 7), axis(5, 5, 5))>();
  check<over(5, axis(50, 50, 1))>();
}

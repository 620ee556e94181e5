// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>

using namespace convolution_test;

TEST_CASE("convolutions of planes: filters from one to several panels", "[convolution]") {
  constexpr window_axis h = valid_axis(7, 3), w = valid_axis(9, 3);
  check<conv2(h, w, 3, 1)>(3);
  check<conv2(h, w, 1, 2)>(3, 3);
  check<conv2(h, w, 6, 6)>(33);
  check<conv2(h, w, 17, 16)>(3, 2);
  check<conv2(h, w, 6, 17)>(3);
  check<conv2(h, w, 1, 32)>(3, 2);
  check<conv2(h, w, 3, 48)>(3);
  check<conv2(h, w, 16, 70)>(3, 3);
}

TEST_CASE("convolutions of planes: paddings", "[convolution]") {
  check<conv2(same_axis(28, 5), same_axis(28, 5), 1, 6)>(2, 2);
  check<conv2(valid_axis(14, 5), valid_axis(14, 5), 6, 16)>(3, 2);
  check<conv2(same_axis(6, 3), same_axis(7, 3), 3, 20)>(3, 3);
  check<conv2(valid_axis(6, 3, {.low = 2, .high = 1}), valid_axis(7, 4, {.low = 0, .high = 3}), 3,
              10)>(3);
  check<conv2(valid_axis(5, 5, {.low = 4, .high = 4}), valid_axis(5, 5, {.low = 4, .high = 4}), 2,
              9)>(2);
  // Windows that read padding only, at all borders.
  check<conv2(valid_axis(3, 2, {.low = 4, .high = 5}), valid_axis(4, 2, {.low = 5, .high = 3}), 3,
              18)>(3, 2);
  check<conv2(valid_axis(3, 2, {.stride = 2, .low = 5, .high = 5}),
              valid_axis(4, 1, {.stride = 3, .low = 4, .high = 4}), 3, 5)>(3, 2);
}

// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>

using namespace convolution_test;

TEST_CASE("convolutions along one axis", "[convolution]") {
  check<conv1(valid_axis(40, 5), 1, 3)>(3, 2);
  check<conv1(valid_axis(40, 4, {.low = 3}), 17, 20)>(3, 3);  // causal
  check<conv1(valid_axis(30, 3, {.dilation = 4, .low = 8}), 6, 16)>(3);
  check<conv1(same_axis(31, 4, 3), 3, 33)>(33, 2);
  check<conv1(valid_axis(3, 3), 5, 10)>(33, 2);
}

TEST_CASE("convolutions along three axes", "[convolution]") {
  check<conv3(valid_axis(5, 3), valid_axis(6, 3), valid_axis(7, 3), 3, 17)>(3, 2);
  check<conv3(same_axis(4, 3), same_axis(5, 3, 2), same_axis(6, 2, 2), 6, 8)>(3, 3);
  check<conv3(valid_axis(5, 2, {.stride = 2, .low = 1}), valid_axis(7, 2, {.dilation = 2}),
              same_axis(6, 3), 2, 20)>(3);
  check<conv3(same_axis(3, 3), valid_axis(4, 1), valid_axis(5, 1), 6, 16)>(3);
  check<conv3(valid_axis(4, 1), valid_axis(4, 1), valid_axis(5, 3), 6, 16)>(3, 2);
  check<conv3(valid_axis(6, 1, {.stride = 2}), same_axis(4, 3), same_axis(4, 3), 3, 5)>(3);
}

TEST_CASE("convolutions in groups", "[convolution]") {
  check<conv2(same_axis(6, 3), same_axis(7, 3), 6, 8, 2)>(3, 2);
  check<conv2(valid_axis(9, 3, {.stride = 2}), same_axis(8, 3, 2), 18, 54, 3)>(3, 3);
  check<conv2(valid_axis(9, 2, {.dilation = 2}), valid_axis(8, 3), 34, 36, 2)>(3);
  check<conv2(valid_axis(6, 1), valid_axis(7, 1), 8, 12, 4)>(3, 2);
  check<conv2(same_axis(6, 3), same_axis(7, 3), 4, 8, 4)>(3);  // one channel, two filters a group
  check<conv1(valid_axis(20, 3), 6, 6, 6)>(3, 2);              // depthwise
}

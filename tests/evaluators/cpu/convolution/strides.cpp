// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>

using namespace convolution_test;

TEST_CASE("convolutions of planes: strides and dilation", "[convolution]") {
  check<conv2(same_axis(9, 3, 2), same_axis(8, 3, 2), 6, 17)>(3, 3);
  check<conv2(valid_axis(11, 3, {.stride = 3}), valid_axis(10, 2, {.stride = 2}), 3, 16)>(3);
  // Strides beyond the window: elements that no window reads.
  check<conv2(valid_axis(11, 2, {.stride = 4}), valid_axis(10, 1, {.stride = 3}), 6, 5)>(3, 2);
  check<conv2(valid_axis(12, 3, {.dilation = 2}), valid_axis(13, 3, {.dilation = 3}), 3, 17)>(3, 2);
  check<conv2(same_axis(10, 3, 1, 2), same_axis(11, 2, 1, 3), 6, 16)>(3);
  // A stride and a dilation with and without a common factor.
  check<conv2(valid_axis(13, 3, {.stride = 2, .dilation = 2, .low = 1, .high = 1}),
              valid_axis(14, 3, {.stride = 2, .dilation = 3, .low = 2, .high = 0}), 3, 6)>(3, 2);
  check<conv2(valid_axis(14, 4, {.stride = 4, .dilation = 6, .low = 3, .high = 3}),
              valid_axis(9, 2, {.stride = 3, .dilation = 2}), 2, 6)>(3);
}

TEST_CASE("convolutions of planes: results of one position", "[convolution]") {
  check<conv2(valid_axis(5, 5), valid_axis(4, 4), 6, 17)>(33, 2);  // a matrix product
  check<conv2(valid_axis(5, 5), valid_axis(4, 4), 32, 17)>(5, 2);  // also backwards
  check<conv2(valid_axis(1, 3, {.low = 1, .high = 1}), valid_axis(1, 3, {.low = 1, .high = 1}), 7,
              20)>(33);
  check<conv2(valid_axis(2, 3, {.low = 1}), valid_axis(3, 4, {.high = 1}), 5, 20)>(9, 3);
}

TEST_CASE("convolutions of planes: windows of one element", "[convolution]") {
  check<conv2(valid_axis(6, 1), valid_axis(7, 1), 17, 33)>(3, 2);
  check<conv2(valid_axis(1, 1), valid_axis(1, 1), 5, 7)>(33);
  check<conv2(valid_axis(7, 1, {.stride = 2}), valid_axis(8, 1, {.stride = 2}), 17, 33)>(3, 2);
  check<conv2(valid_axis(6, 1, {.low = 1, .high = 1}), valid_axis(7, 1), 3, 16)>(3);
}

TEST_CASE("convolutions read and write no more than their operands", "[convolution]") {
  check<conv2(valid_axis(7, 3), valid_axis(9, 3), 3, 5)>(2, 1, both, true);
  check<conv2(same_axis(7, 3), same_axis(9, 3), 3, 21)>(2, 1, both, true);
  check<conv2(same_axis(7, 3, 2), same_axis(9, 5, 2), 3, 21)>(2, 1, both, true);
}

TEST_CASE("convolutions of no samples do nothing", "[convolution]") {
  check<conv2(valid_axis(7, 3), valid_axis(9, 3), 3, 5)>(0, 2);
  check<conv2(same_axis(7, 3), same_axis(9, 3), 3, 5)>(0, 2);
  check<conv2(valid_axis(6, 1), valid_axis(7, 1), 17, 33)>(0, 2);
}

// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/sliding.hpp"
#include "evaluators/thrust/check.hpp"

// Convolutions of planes and their gradients.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: convolutions of 1, 3, 4 and 8 channels", "[thrust]") {
  check_thrust<convolutions<over2(valid_axis(7, 3), valid_axis(9, 3), 1, 6)>>();
  check_thrust<convolutions<over2(same_axis(6, 3), same_axis(7, 3), 3, 5)>>();
  check_thrust<convolutions<over2(same_axis(6, 5), same_axis(7, 4), 4, 8)>>();
  check_thrust<convolutions<over2(same_axis(5, 3), same_axis(6, 3), 8, 1)>>();
}

TEST_CASE("thrust: convolutions with strides", "[thrust]") {
  check_thrust<convolutions<over2(same_axis(9, 3, 2), same_axis(8, 3, 2), 4, 4)>>();
  check_thrust<convolutions<over2(valid_axis(11, 2, {.stride = 4}),
                                  valid_axis(10, 1, {.stride = 3}), 3, 5)>>();
}

TEST_CASE("thrust: convolutions with dilation", "[thrust]") {
  check_thrust<
      convolutions<over2(valid_axis(12, 3, {.dilation = 2}), same_axis(9, 3, 1, 3), 3, 8)>>({1, 5});
  check_thrust<
      convolutions<over2(valid_axis(13, 3, {.stride = 2, .dilation = 2, .low = 1, .high = 1}),
                         valid_axis(14, 3, {.stride = 2, .dilation = 3, .low = 2}), 4, 6)>>({1, 5});
}

TEST_CASE("thrust: convolutions of one position, and with windows of one element", "[thrust]") {
  check_thrust<convolutions<over2(valid_axis(5, 5), valid_axis(4, 4), 4, 9)>>();
  check_thrust<
      convolutions<over2(valid_axis(2, 3, {.low = 1}), valid_axis(3, 4, {.high = 1}), 5, 4)>>();
  check_thrust<convolutions<over2(valid_axis(6, 1), valid_axis(7, 1), 4, 8)>>();
  check_thrust<convolutions<over2(valid_axis(7, 1, {.stride = 2}), valid_axis(8, 1, {.stride = 2}),
                                  3, 4)>>();
}

TEST_CASE("thrust: kernel gradients in chunks", "[thrust]") {
  using recipe = convolutions<over2(same_axis(12, 3), same_axis(12, 3), 3, 4)>;
  CHECK(support::in_chunks<recipe>(33));
  check_thrust<recipe>({33});
}

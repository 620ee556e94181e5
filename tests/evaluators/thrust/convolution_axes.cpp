// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/sliding.hpp"
#include "evaluators/thrust/check.hpp"

// Convolutions along one axis and three, in groups, and of float64.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: convolutions along one axis", "[thrust]") {
  check_thrust<convolutions<over1(valid_axis(20, 5), 1, 3)>>();
  check_thrust<convolutions<over1(valid_axis(20, 4, {.low = 3}), 4, 8)>>();  // causal
  check_thrust<convolutions<over1(same_axis(31, 4, 3), 3, 4)>>();
}

TEST_CASE("thrust: convolutions along three axes", "[thrust]") {
  check_thrust<convolutions<over3(valid_axis(4, 3), valid_axis(5, 3), valid_axis(6, 3), 3, 5)>>(
      {1, 5});
  check_thrust<convolutions<over3(same_axis(3, 3), same_axis(5, 3, 2), same_axis(6, 2, 2), 4, 8)>>(
      {1, 5});
  check_thrust<convolutions<over3(valid_axis(5, 2, {.stride = 2, .low = 1}),
                                  valid_axis(6, 2, {.dilation = 2}), same_axis(4, 3), 1, 4)>>(
      {1, 5});
}

TEST_CASE("thrust: convolutions in groups", "[thrust]") {
  check_thrust<convolutions<over2(same_axis(6, 3), same_axis(7, 3), 6, 8, 2)>>();
  check_thrust<convolutions<over2(valid_axis(9, 2, {.dilation = 2}), same_axis(8, 3, 2), 9, 3, 3)>>(
      {1, 5});
  check_thrust<convolutions<over1(valid_axis(20, 3), 4, 8, 2)>>();
}

TEST_CASE("thrust: depthwise convolutions", "[thrust]") {
  check_thrust<convolutions<over2(same_axis(6, 3), same_axis(7, 3), 8, 8, 8)>>();
  check_thrust<convolutions<over2(valid_axis(9, 3, {.stride = 2}), same_axis(8, 3, 2), 3, 6, 3)>>();
  check_thrust<convolutions<over3(same_axis(3, 3), same_axis(4, 2), valid_axis(5, 3), 4, 4, 4)>>(
      {1, 5});
}

TEST_CASE("thrust: convolutions of float64", "[thrust]") {
  check_thrust<convolutions<over2(same_axis(9, 3, 2), valid_axis(7, 3), 3, 4), dtype::float64>>();
  check_thrust<convolutions<over2(same_axis(6, 3), same_axis(7, 3), 6, 4, 2), dtype::float64>>(
      {1, 5});
}

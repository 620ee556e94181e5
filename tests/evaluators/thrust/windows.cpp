// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/sliding.hpp"
#include "evaluators/thrust/check.hpp"

#include <limits>

// Windows apart from each other and overlapping ones.

using namespace recipes;

namespace {

template <sliding_case Case, dtype Type = dtype::float32>
void check() {
  using recipe = windows<Case, Type>;
  support::check_thrust<recipe>();
  support::check_thrust_with<recipe>(std::numeric_limits<double>::quiet_NaN(), 9, 5);
  support::check_thrust_with<recipe>(-std::numeric_limits<double>::infinity(), 40, 5);
}

}  // namespace

TEST_CASE("thrust: windows apart from each other", "[thrust]") {
  check<over2(valid_axis(6, 2, 2), valid_axis(8, 2, 2), 6)>();
  check<over2(valid_axis(11, 2, 4), valid_axis(9, 1, 3), 3)>();
  check<over2(valid_axis(7, 3, {.stride = 3, .low = 1, .high = 1}),
              valid_axis(5, 3, {.stride = 4, .low = 1, .high = 2}), 1)>();
}

TEST_CASE("thrust: windows in padding alone", "[thrust]") {
  check<over2(valid_axis(2, 2, {.stride = 2, .low = 4, .high = 4}),
              valid_axis(3, 2, {.stride = 2, .low = 2, .high = 3}), 3)>();
}

TEST_CASE("thrust: overlapping windows", "[thrust]") {
  check<over2(same_axis(9, 3, 2), same_axis(8, 3, 2), 8)>();
  check<over2(same_axis(7, 3), same_axis(6, 3), 3)>();
  check<over2(valid_axis(9, 4, {.low = 2, .high = 2}), valid_axis(8, 2, 3), 1)>();
  check<over2(valid_axis(11, 3, {.dilation = 2, .low = 2, .high = 2}),
              valid_axis(12, 2, {.stride = 2, .dilation = 3, .high = 3}), 4)>();
}

TEST_CASE("thrust: windows over vectors of channels", "[thrust]") {
  check<over2(valid_axis(6, 2, 2), valid_axis(9, 2, 2), 8)>();
  check<over2(valid_axis(13, 3, {.stride = 4, .low = 1, .high = 2}),
              valid_axis(8, 3, {.stride = 3, .low = 1}), 4)>();
  check<over2(valid_axis(11, 5, 5), valid_axis(12, 6, 5),
              4)>();  // more positions than a tile may have
  check<over2(valid_axis(9, 5, {.low = 2, .high = 2}), valid_axis(9, 4, 2), 4)>();
  check<over3(valid_axis(4, 2, 2), valid_axis(6, 3, 3), valid_axis(5, 2, 2), 4)>();
}

TEST_CASE("thrust: windows of 16 bits", "[thrust]") {
  check<over2(valid_axis(6, 2, 2), valid_axis(9, 2, 2), 8), dtype::float16>();
  check<over2(same_axis(5, 3, 2), same_axis(6, 3), 16), dtype::bfloat16>();
}

TEST_CASE("thrust: windows along one axis and three", "[thrust]") {
  check<over1(valid_axis(37, 4, {.stride = 3, .low = 1, .high = 2}), 5)>();
  check<over3(valid_axis(5, 2), same_axis(4, 3, 2), same_axis(6, 3), 3)>();
}

TEST_CASE("thrust: windows of float64", "[thrust]") {
  check<over2(same_axis(9, 3, 2), valid_axis(8, 3, 2), 6), dtype::float64>();
}

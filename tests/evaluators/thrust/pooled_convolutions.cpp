// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/sliding.hpp"
#include "evaluators/recipes/windows.hpp"
#include "evaluators/thrust/check.hpp"

#include <limits>

// The greatest elements of blocks of a convolution, which is never stored; and convolutions and
// windows one behind the other.

using namespace recipes;

namespace {

template <sliding_case Case, position_block Block, dtype Type = dtype::float32>
void check() {
  using recipe = greatest_of_blocks<Case, Block, Type>;
  support::check_thrust<recipe>();
  support::check_thrust_with<recipe>(std::numeric_limits<double>::quiet_NaN(), 2, 5);
}

}  // namespace

TEST_CASE("thrust: greatest elements of blocks of convolutions", "[thrust]") {
  check<over2(same_axis(8, 5), same_axis(6, 5), 1, 6), position_block{{1, 2, 2}}>();
  check<over2(valid_axis(11, 3), valid_axis(8, 3), 3, 4), position_block{{1, 3, 2}}>();
  check<over2(valid_axis(11, 5, {.stride = 2}), valid_axis(12, 5, {.dilation = 2}), 4, 8),
        position_block{{1, 2, 1}}>();
  check<over1(same_axis(30, 5), 1, 3), position_block{{1, 1, 5}}>();
  check<over3(same_axis(4, 3), valid_axis(5, 2), same_axis(3, 3), 2, 3),
        position_block{{2, 2, 3}}>();
  check<over2(same_axis(4, 3), same_axis(6, 3), 4, 4, 4),
        position_block{{1, 2, 3}}>();  // in groups
  check<over2(same_axis(4, 3), same_axis(6, 3), 3, 4), position_block{{1, 2, 2}}, dtype::float64>();
}

TEST_CASE("thrust: pooled convolutions", "[thrust]") {
  using program_type = program<pooled<13, 5>>;
  CHECK(program_type::data.steps[0].product.code == op::convolution_max);
  support::check_thrust<pooled<13, 5>>();
}

TEST_CASE("thrust: a small network of convolutions and windows", "[thrust]") {
  support::check_thrust<pooled_network<true, 3, 8>>();
  support::check_thrust<pooled_network<false, 1, 6>>();
}

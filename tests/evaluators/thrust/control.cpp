// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/control.hpp"
#include "evaluators/thrust/check.hpp"

// See recipes/control.hpp.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: a recurrent cell", "[thrust][threads]") {
  check_thrust<recurrent<16, 5, false>>();
  check_thrust<recurrent<6, 4, true>>();
}
TEST_CASE("thrust: sequences of all kinds", "[thrust]") { check_thrust<sequences>(); }
TEST_CASE("thrust: loops", "[thrust]") { check_thrust<loops>(); }
TEST_CASE("thrust: cases", "[thrust]") { check_thrust<cases>(); }

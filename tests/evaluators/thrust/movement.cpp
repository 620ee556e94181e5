// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/movement.hpp"
#include "evaluators/thrust/check.hpp"

// See recipes/movement.hpp.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: broadcasts along every axis", "[thrust]") { check_thrust<broadcasts>(); }
TEST_CASE("thrust: movement of numbers", "[thrust]") { check_thrust<movements<dtype::float32>>(); }
TEST_CASE("thrust: movement of float64", "[thrust]") { check_thrust<movements<dtype::float64>>(); }
TEST_CASE("thrust: movement of integers", "[thrust]") { check_thrust<movements<dtype::int32>>(); }
TEST_CASE("thrust: movement of small integers", "[thrust]") {
  check_thrust<movements<dtype::int8>>();
}
TEST_CASE("thrust: movement of truth values", "[thrust]") {
  check_thrust<movements<dtype::boolean>>();
}
TEST_CASE("thrust: positions along axes", "[thrust]") { check_thrust<positions>(); }

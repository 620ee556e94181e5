// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/products.hpp"
#include "evaluators/thrust/check.hpp"

// Products of values that both have samples, with axes to go along with.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: products of samples", "[thrust]") {
  check_thrust<of_samples<1, 1, 1>>();
  check_thrust<of_samples<3, 5, 4>>();
  check_thrust<of_samples<4, 8, 12>>();
  check_thrust<of_samples<17, 33, 3>>();
  check_thrust<of_samples<20, 2, 100>>({1, 5});
}

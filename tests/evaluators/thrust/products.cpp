// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/products.hpp"
#include "evaluators/thrust/check.hpp"

// Matrix products of all orders of operands, with what is computed from their results at once.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: products, forward", "[thrust]") {
  check_thrust<forward<1, 1, 1>>();
  check_thrust<forward<1, 10, 7>>();
  check_thrust<forward<5, 1, 9>>();
  check_thrust<forward<3, 4, 1>>();
  check_thrust<forward<4, 8, 3>>();
  check_thrust<forward<17, 33, 20>>();
  check_thrust<forward<4, 68, 100>>();
}

TEST_CASE("thrust: products, backward", "[thrust]") {
  check_thrust<backward<1, 1, 1>>();
  check_thrust<backward<4, 8, 4>>();
  check_thrust<backward<3, 33, 17>>();
  check_thrust<backward<1, 10, 100>>();
}

// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/columns.hpp"
#include "evaluators/thrust/check.hpp"

#include <limits>

// Reductions over the batch, over leading axes and over everything, in one chunk and in several.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: reductions of small values", "[thrust]") {
  check_thrust<reductions<1>>({1, 5, 33, 5000});
  check_thrust<reductions<3>>({1, 5, 33, 20'000});
}

TEST_CASE("thrust: reductions of matrices", "[thrust]") {
  check_thrust<reductions<5, 19>>({1, 5, 33, 500});
  check_thrust<reductions<2, 32>>({1, 5, 33, 300});
}

TEST_CASE("thrust: reductions that keep more than one strip", "[thrust]") {
  check_thrust<reductions<3, 33>>({1, 5, 33, 300});
  check_thrust<reductions<7, 11, 200>>({1, 5, 33});
}

TEST_CASE("thrust: reductions of long bodies and of turned values", "[thrust]") {
  check_thrust<long_bodies>({1, 33, 200});
}

TEST_CASE("thrust: reductions of long rows", "[thrust]") {
  check_thrust<reductions<2, 10'001>>({1, 5});
}

TEST_CASE("thrust: reductions of shared values", "[thrust]") { check_thrust<shared_values>({1}); }

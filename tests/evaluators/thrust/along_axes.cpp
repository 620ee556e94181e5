// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/along_axes.hpp"
#include "evaluators/thrust/check.hpp"

#include <limits>

// See recipes/along_axes.hpp.

using namespace recipes;
using support::check_thrust;

TEST_CASE("thrust: gather and scatter_add", "[thrust][threads]") { check_thrust<gathered>(); }
TEST_CASE("thrust: order of numbers", "[thrust]") { check_thrust<ordered<dtype::float32>>(); }
TEST_CASE("thrust: order of float64", "[thrust]") { check_thrust<ordered<dtype::float64>>(); }
TEST_CASE("thrust: order of float16", "[thrust]") { check_thrust<ordered<dtype::float16>>(); }
TEST_CASE("thrust: order of integers", "[thrust]") { check_thrust<ordered<dtype::int8>>(); }
TEST_CASE("thrust: order of truth values", "[thrust]") { check_thrust<ordered<dtype::boolean>>(); }
TEST_CASE("thrust: sums of numbers along axes", "[thrust][threads]") {
  check_thrust<accumulated<dtype::float32>>();
}
TEST_CASE("thrust: sums of bfloat16 along axes", "[thrust]") {
  check_thrust<accumulated<dtype::bfloat16>>();
}
TEST_CASE("thrust: sums of integers along axes", "[thrust]") {
  check_thrust<accumulated<dtype::int32>>();
}
TEST_CASE("thrust: NaN and infinities have an order", "[thrust]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (double const special : {std::numeric_limits<double>::quiet_NaN(), -infinity, -0.0})
    support::check_thrust_with<ordered<dtype::float32>>(special, 7, 5);
}

// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/products.hpp"
#include "evaluators/thrust/check.hpp"

// Products of operands in either order, in one chunk of what is contracted and in several.

using namespace recipes;
using support::check_thrust;
using support::in_chunks;

TEST_CASE("thrust: products of either order", "[thrust]") {
  check_thrust<all_orders<dtype::float32, 1, 1, 1>>();
  check_thrust<all_orders<dtype::float32, 3, 17, 3>>();
  check_thrust<all_orders<dtype::float32, 8, 12, 4>>();
  check_thrust<all_orders<dtype::float32, 5, 34, 100>>({1, 5});
}

TEST_CASE("thrust: products of float64", "[thrust]") {
  check_thrust<all_orders<dtype::float64, 3, 5, 4>>();
  check_thrust<all_orders<dtype::float64, 2, 3, 4099>>({1, 5});
}

TEST_CASE("thrust: products in chunks", "[thrust]") {
  CHECK(in_chunks<all_orders<dtype::float32, 2, 3, 4099>>(1));
  check_thrust<all_orders<dtype::float32, 2, 3, 4099>>({1, 5});
  CHECK(in_chunks<forward<1, 20, 4099>>(1));
  check_thrust<forward<1, 20, 4099>>({1, 5});
  CHECK(in_chunks<backward<150, 8, 3>>(33));  // over the samples
  check_thrust<backward<150, 8, 3>>({33});
}

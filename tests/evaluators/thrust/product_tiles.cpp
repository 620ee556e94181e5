// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/products.hpp"
#include "evaluators/thrust/check.hpp"

// Products of so many rows and columns that they are cut into tiles of every shape, whole ones and
// such that reach beyond the matrix.

using namespace recipes;

namespace {

template <std::int64_t M, std::int64_t N>
void check_tiles() {
  support::check_thrust<all_orders<dtype::float32, M, N, 12>>({1, 3});
}

}  // namespace

TEST_CASE("thrust: products by tiles of all shapes", "[thrust]") {
  check_tiles<3, 5>();
  check_tiles<130, 20>();
  check_tiles<130, 66>();
  check_tiles<515, 17>();
  check_tiles<260, 66>();
}

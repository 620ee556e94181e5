// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/float64.hpp"
#include "evaluators/thrust/check.hpp"

// Programs in double precision.

TEST_CASE("thrust: double precision", "[thrust]") {
  using namespace recipes;
  graph const& g = support::graph_of<in_double>();
  for (std::int64_t const batch : {1, 5, 33}) {
    INFO("batch " << batch);
    reference::bindings const b = data_in_double(g, batch);
    auto const got = support::run_thrust<program<in_double>>(b);
    CHECK(too_few_digits(g, got, reference::evaluate<double>(g, b)) == "");
  }
}

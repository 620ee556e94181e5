// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/float64.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// Programs in double precision.

TEST_CASE("cpu: double precision", "[cpu][threads]") {
  using namespace recipes;
  static graph const g = in_double::build();
  REQUIRE(std::string{g.error.view()} == "");
  for (std::int64_t const batch : {1, 2, 5, 33}) {
    INFO("batch " << batch);
    reference::bindings const b = data_in_double(g, batch);
    auto const got = support::run_cpu<program<in_double>>(b, 1);
    CHECK(too_few_digits(g, got, reference::evaluate<double>(g, b)) == "");
    CHECK(support::identical(got, support::run_cpu<program<in_double>>(b, 3)));
  }
}

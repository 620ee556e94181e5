// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/recipes/movement.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// See recipes/movement.hpp.

namespace {

using namespace typegrad;
using namespace recipes;

template <class Recipe>
void check() {
  static graph const g = Recipe::build();
  REQUIRE(std::string{g.error.view()} == "");
  for (std::int64_t batch = 1; batch <= 33; batch = 2 * batch + 1) {
    INFO("batch " << batch);
    CHECK(support::cpu_failure<Recipe>(random_graphs::data_for(g, 3, batch)) == "");
  }
}

}  // namespace

TEST_CASE("cpu: broadcasts along every axis", "[cpu][threads]") { check<broadcasts>(); }
TEST_CASE("cpu: movement of numbers", "[cpu][threads]") { check<movements<dtype::float32>>(); }
TEST_CASE("cpu: movement of integers", "[cpu][threads]") { check<movements<dtype::int32>>(); }
TEST_CASE("cpu: movement of truth values", "[cpu][threads]") { check<movements<dtype::boolean>>(); }
TEST_CASE("cpu: positions along axes", "[cpu][threads]") { check<positions>(); }

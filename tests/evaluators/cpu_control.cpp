// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/recipes/control.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// See recipes/control.hpp.

namespace {

using namespace typegrad;
using namespace recipes;

template <class Recipe>
void check() {
  static graph const g = Recipe::build();
  REQUIRE(std::string{g.error.view()} == "");
  for (std::int64_t batch = 1; batch <= 33; batch = 2 * batch + 1) {
    INFO("batch " << batch);
    CHECK(support::cpu_failure<Recipe>(random_graphs::data_for(g, 3, batch), 4) == "");
  }
}

}  // namespace

TEST_CASE("cpu: a recurrent cell", "[cpu][threads]") {
  check<recurrent<16, 5, false>>();
  check<recurrent<5, 4, true>>();
  check<recurrent<3, 1, false>>();
}
TEST_CASE("cpu: sequences of all kinds", "[cpu][threads]") { check<sequences>(); }
TEST_CASE("cpu: loops", "[cpu][threads]") { check<loops>(); }
TEST_CASE("cpu: cases", "[cpu][threads]") { check<cases>(); }

// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/recipes/along_axes.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>

// See recipes/along_axes.hpp.

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

TEST_CASE("cpu: gather and scatter_add", "[cpu][threads]") { check<gathered>(); }
TEST_CASE("cpu: order of numbers", "[cpu][threads]") { check<ordered<dtype::float32>>(); }
TEST_CASE("cpu: order of float64", "[cpu][threads]") { check<ordered<dtype::float64>>(); }
TEST_CASE("cpu: order of integers", "[cpu][threads]") { check<ordered<dtype::int32>>(); }
TEST_CASE("cpu: order of truth values", "[cpu][threads]") { check<ordered<dtype::boolean>>(); }
TEST_CASE("cpu: sums of numbers along axes", "[cpu][threads]") {
  check<accumulated<dtype::float32>>();
}
TEST_CASE("cpu: sums of float64 along axes", "[cpu][threads]") {
  check<accumulated<dtype::float64>>();
}
TEST_CASE("cpu: sums of integers along axes", "[cpu][threads]") {
  check<accumulated<dtype::int32>>();
}

TEST_CASE("cpu: NaN and infinities have an order", "[cpu]") {
  using recipe = ordered<dtype::float32>;
  static graph const g = recipe::build();
  reference::bindings b = random_graphs::data_for(g, 5, 3);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double const special[] = {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity, -0.0, 0};
  for (auto& input : b.inputs)
    for (std::size_t i = 0; i < input.size(); i += 3) input[i] = special[i / 3 % 5];
  CHECK(support::cpu_failure<recipe>(b, 4) == "");
}

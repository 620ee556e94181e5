// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/elementwise.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// Every elementwise op on the CPU evaluator: its vectors against the op's own scalar mathematics.

namespace {

using namespace recipes;

template <class Recipe>
void check() {
  static graph const g = Recipe::build();
  REQUIRE(!g.failed());
  for (std::int64_t batch = 1; batch <= 33; batch += batch < 18 ? 1 : 5)
    for (int threads = 1; threads <= 3; threads += 2) {
      reference::bindings const in = Recipe::tried().of_batch(batch);
      INFO("batch " << batch << ", threads " << threads);
      REQUIRE(far_off(support::run_cpu<program<Recipe>>(in, threads),
                      reference::evaluate<float>(g, in)) == "");
    }
}

}  // namespace

TEST_CASE("cpu: ops of one operand", "[cpu]") { check<one_operand>(); }
TEST_CASE("cpu: sines, powers and casts to integers", "[cpu]") { check<circular>(); }
TEST_CASE("cpu: logarithms, angles and remainders", "[cpu]") {
  check<functions<dtype::float32>>();
  check<functions<dtype::float64>>();
}
TEST_CASE("cpu: ops of two operands", "[cpu]") { check<two_operands>(); }
TEST_CASE("cpu: integers", "[cpu]") { check<integers>(); }
TEST_CASE("cpu: truth values", "[cpu]") { check<truth_values>(); }

// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// Random graphs, made and compiled while compiling, on the CPU evaluator. Hundreds of seeds were
// run this way; these found mistakes once, or have steps of many kinds.

namespace {

using random_graphs::kinds;

template <unsigned Seed, kinds Kinds>
struct random_graph {
  static constexpr typegrad::graph build() {
    return random_graphs::generator{Seed, Kinds}.build();
  }
};

template <kinds Kinds, unsigned... Seeds>
void check() {
  auto const one = []<unsigned Seed>() {
    using recipe = random_graph<Seed, Kinds>;
    typegrad::graph const g = recipe::build();
    for (std::int64_t const batch : {1, 5, 17}) {
      INFO("seed " << Seed << ", batch " << batch);
      CHECK(support::cpu_failure<recipe>(random_graphs::data_for(g, Seed, batch)) == "");
    }
  };
  (one.template operator()<Seeds>(), ...);
}

}  // namespace

TEST_CASE("cpu: random graphs", "[cpu][threads]") {
  check<kinds{}, 4, 57, 172, 211, 293, 1066, 31, 75, 118, 302>();
}
TEST_CASE("cpu: random graphs that gather, order and accumulate", "[cpu][threads]") {
  check<kinds{.along_axes = true}, 3, 8, 21, 34, 55>();
}
TEST_CASE("cpu: random graphs with loops and cases", "[cpu][threads]") {
  check<kinds{.control = true}, 3, 8, 21, 34, 55>();
}

// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// Random graphs, made and compiled while compiling, on the CPU evaluator. Hundreds of seeds were
// run this way; these found mistakes once, or have steps of many kinds.

namespace {

template <unsigned Seed>
struct random_graph {
  static constexpr typegrad::graph build() { return random_graphs::generator{Seed}.build(); }
};

template <unsigned... Seeds>
void check() {
  auto const one = []<unsigned Seed>() {
    typegrad::graph const g = random_graph<Seed>::build();
    for (std::int64_t const batch : {1, 5, 17}) {
      INFO("seed " << Seed << ", batch " << batch);
      CHECK(support::cpu_failure<random_graph<Seed>>(random_graphs::data_for(g, Seed, batch)) ==
            "");
    }
  };
  (one.template operator()<Seeds>(), ...);
}

}  // namespace

TEST_CASE("cpu: random graphs", "[cpu][threads]") {
  check<4, 57, 172, 211, 293, 1066, 31, 75, 118, 302>();
}

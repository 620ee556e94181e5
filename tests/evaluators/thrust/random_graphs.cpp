// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/thrust/run_thrust.hpp"

#include <catch2/catch_test_macros.hpp>

// The random graphs of the CPU's tests, on the Thrust evaluator.

namespace {

template <unsigned Seed>
struct random_graph {
  static constexpr typegrad::graph build() {
    random_graphs::generator g{Seed};  // nvcc does not destroy a temporary here
    return g.build();
  }
};

template <unsigned... Seeds>
void check() {
  auto const one = []<unsigned Seed>(std::integral_constant<unsigned, Seed>) {
    typegrad::graph const g = random_graph<Seed>::build();
    for (std::int64_t const batch : {1, 5, 17}) {
      INFO("seed " << Seed << ", batch " << batch);
      CHECK(support::thrust_failure<random_graph<Seed>>(random_graphs::data_for(g, Seed, batch)) ==
            "");
    }
  };
  (one(std::integral_constant<unsigned, Seeds>{}), ...);
}

}  // namespace

TEST_CASE("thrust: random graphs", "[thrust][threads]") {
  check<4, 57, 172, 211, 293, 1066, 31, 75, 118, 302>();
}

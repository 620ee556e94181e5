// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/random.hpp"
#include "evaluators/thrust/check.hpp"

// Random numbers depend on the seed, the step, the stream and the element, and on nothing else.

using namespace recipes;

TEST_CASE("thrust: random numbers in programs", "[thrust]") {
  graph const& g = support::graph_of<random_numbers>();
  for (std::uint64_t const seed : {0ULL, 7ULL, 0xFFFF'FFFF'0000'0001ULL})
    for (std::uint64_t const step : {0ULL, 1ULL, 0x1'0000'0003ULL})
      for (std::int64_t const batch : {1, 5, 33, 64}) {
        INFO("seed " << seed << ", step " << step << ", batch " << batch);
        reference::bindings b = random_graphs::data_for(g, 9, batch);
        b.seed = seed;
        b.step = step;
        REQUIRE(support::thrust_failure<random_numbers>(b) == "");
        auto const got = support::run_thrust<program<random_numbers>>(b);
        auto const expected = reference::evaluate<float>(g, b);
        for (std::size_t k : {0U, 1U, 2U, 3U}) REQUIRE(got[k] == expected[k]);
        for (std::size_t i = 0; i < got[0].size(); ++i)
          REQUIRE(got[0][i] == static_cast<double>(uniform_at(seed, step, 0, i)));
      }
}

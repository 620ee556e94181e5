// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/recipes/random.hpp"
#include "evaluators/run_cpu.hpp"

#include <typegrad/evaluators/cpu/random.hpp>

#include <catch2/catch_test_macros.hpp>

// Random numbers depend on the seed, the step, the stream and the element, and on nothing else.

namespace {

using namespace typegrad;
using namespace recipes;

}  // namespace

TEST_CASE("cpu: blocks of random numbers are those of the stream", "[cpu]") {
  for (std::uint64_t const block : {0ULL, 1ULL, 5ULL, 0x0FFFFFFFULL, 0x10000001ULL}) {
    float got[random_block];
    on_cpu::uniform_block(7, 0x1'0000'0003ULL, 11, block, got);
    for (std::uint64_t i = 0; i < random_block; ++i)
      REQUIRE(got[i] == uniform_at(7, 0x1'0000'0003ULL, 11, block * random_block + i));
  }
}

TEST_CASE("cpu: random numbers in programs", "[cpu][threads]") {
  static graph const g = random_numbers::build();
  for (std::int64_t batch = 1; batch <= 33; ++batch) {
    INFO("batch " << batch);
    reference::bindings const b = random_graphs::data_for(g, static_cast<unsigned>(batch), batch);
    REQUIRE(support::cpu_failure<random_numbers>(b) == "");
    auto const got = support::run_cpu<program<random_numbers>>(b, 2);
    for (std::size_t i = 0; i < got[0].size(); ++i)
      REQUIRE(got[0][i] == static_cast<double>(uniform_at(b.seed, b.step, 0, i)));
  }
  CHECK(support::cpu_failure<random_numbers>(random_graphs::data_for(g, 9, 300)) == "");
}

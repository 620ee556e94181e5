// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/recipes/columns.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <limits>

// Reductions over the batch, over leading axes and over everything: long ones are cut into chunks
// whose number no thread count changes.

namespace {

using namespace typegrad;
using namespace recipes;

template <class Recipe>
void check_at(std::int64_t batch, int threads = 3) {
  static graph const g = Recipe::build();
  REQUIRE(!g.failed());
  INFO("batch " << batch);
  CHECK(support::cpu_failure<Recipe>(
            random_graphs::data_for(g, static_cast<unsigned>(batch), batch), threads) == "");
}

}  // namespace

TEST_CASE("cpu: reductions of small values", "[cpu][threads]") {
  for (std::int64_t batch = 1; batch <= 33; ++batch) check_at<reductions<3>>(batch);
  check_at<reductions<3>>(20'000);
}

TEST_CASE("cpu: reductions of matrices", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 2, 7, 33}) check_at<reductions<5, 19>>(batch);
  check_at<reductions<5, 19>>(500);
}

TEST_CASE("cpu: reductions in chunks", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 3, 16}) check_at<reductions<3, 11, 301>>(batch);
}

TEST_CASE("cpu: few columns behind many reduced rows", "[cpu][threads]") {
  for (std::int64_t const batch : {64, 700}) check_at<reductions<9, 6>>(batch);
  check_at<reductions<3, 16>>(900);
  check_at<reductions<3, 70>>(300);
  check_at<reductions<2, 530>>(40);
}

TEST_CASE("cpu: reductions of long bodies and of turned values", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 40, 200}) check_at<long_bodies>(batch);
}

TEST_CASE("cpu: a NaN in any chunk is the largest and the smallest", "[cpu][threads]") {
  static graph const g = extrema<>::build();
  for (std::size_t const row : {0UL, 5UL, 3000UL, 6299UL}) {
    INFO("row " << row);
    auto data = random_graphs::data_for(g, 5, 700);
    data.inputs[0][row * 6 + 2] = std::numeric_limits<double>::quiet_NaN();
    CHECK(support::cpu_failure<extrema<>>(data) == "");
  }
}

TEST_CASE("cpu: reductions of long rows", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 2, 5}) check_at<reductions<2, 10'001>>(batch);
}

TEST_CASE("cpu: reductions of shared values", "[cpu][threads]") { check_at<shared_values>(1); }

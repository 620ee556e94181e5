// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/recipes/rows.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <limits>

// Row programs: softmax, its logarithm, layer normalisation and positions of extremes, over rows of
// all kinds of lengths.

namespace {

using namespace typegrad;
using namespace recipes;

template <class Recipe>
void check_at(std::int64_t batch, unsigned seed, double special = 0, int specials = 0) {
  static graph const g = Recipe::build();
  reference::bindings b = random_graphs::data_for(g, seed, batch);
  auto& x = b.inputs[0];
  for (int i = 0; i < specials; ++i)
    x[(seed * 7919U + static_cast<unsigned>(i) * 31U) % x.size()] = special;
  INFO("seed " << seed);
  CHECK(support::cpu_failure<Recipe>(b, specials == 0 ? 3 : 1) == "");
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("cpu: row programs", "[cpu][threads]", ((std::int64_t Length), Length), 1, 3,
                       10, 16, 17, 64, 100, 1000) {
  using recipe = rows<Length>;
  for (std::int64_t const batch : {1, 2, 5, 33})
    check_at<recipe>(batch, static_cast<unsigned>(batch) + 1);
  // what is not a number spoils its row and no other
  check_at<recipe>(5, 1, std::numeric_limits<double>::quiet_NaN(), 2);
  check_at<recipe>(5, 2, std::numeric_limits<double>::infinity(), 1);
  check_at<recipe>(5, 3, -std::numeric_limits<double>::infinity(), 3);
}

TEST_CASE("cpu: rows of integers", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 2, 33}) check_at<integer_rows>(batch, 4);
}

TEST_CASE("cpu: of equal extremes the first counts", "[cpu]") {
  reference::bindings const b = extremes::ties();
  CHECK(support::cpu_failure<extremes>(b) == "");
  auto const got = support::run_cpu<program<extremes>>(b, 1);
  CHECK(got[0] == extremes::first_greatest());
  CHECK(got[1] == extremes::first_least());
}

namespace {

template <int Output>
struct one_of {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {100});
    symbol const all[] = {softmax_of(x), log_softmax_of(x), normalized_of(x)};
    g.outputs.push_back(all[Output].id());
    return g;
  }
};

template <class Recipe>
constexpr bool is_one_row_step() {
  using finished = program<Recipe>;
  return finished::step_count == 1 && finished::data.steps[0].kind == step_kind::row &&
         finished::arena_bytes(1000) == 0;
}

// One pass over a row that is in the cache: nothing is stored but the result.
static_assert(is_one_row_step<one_of<0>>());
static_assert(is_one_row_step<one_of<1>>());
static_assert(is_one_row_step<one_of<2>>());

}  // namespace

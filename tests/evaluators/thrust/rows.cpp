// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/rows.hpp"
#include "evaluators/thrust/check.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include <limits>

// Rows whose values stay in registers, and such that are walked through.

using namespace recipes;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// What is not a number spoils its row and no other.
template <class Recipe>
void check_specials(std::int64_t batch) {
  support::check_thrust_with<Recipe>(not_a_number, 2, batch);
  support::check_thrust_with<Recipe>(inf, 1, batch);
  support::check_thrust_with<Recipe>(-inf, 3, batch);
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("thrust: rows", "[thrust]", ((std::int64_t Length), Length), 1, 3, 10, 12,
                       31, 32, 33, 100) {
  support::check_thrust<rows<Length>>();
  check_specials<rows<Length>>(5);
}

TEMPLATE_TEST_CASE_SIG("thrust: long rows", "[thrust]", ((std::int64_t Length), Length), 1000, 1024,
                       5000, 40'000) {
  using recipe = rows<Length, 1>;
  support::check_thrust<recipe>({1, 3});
  check_specials<recipe>(1);
}

TEST_CASE("thrust: of equal extremes the first counts", "[thrust]") {
  reference::bindings const b = extremes::ties();
  CHECK(support::thrust_failure<extremes>(b) == "");
  auto const got = support::run_thrust<program<extremes>>(b);
  CHECK(got[0] == extremes::first_greatest());
  CHECK(got[1] == extremes::first_least());
}

// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/rows.hpp"
#include "evaluators/thrust/check.hpp"

#include <catch2/catch_template_test_macros.hpp>

// Rows of several reductions, and rows of other dtypes.

using namespace recipes;

TEMPLATE_TEST_CASE_SIG("thrust: reductions of a row one after the other", "[thrust]",
                       ((std::int64_t Length), Length), 1, 10, 12, 32, 33, 100, 1024, 5000) {
  support::check_thrust<row_chain<Length>>({1, 5});
}

TEST_CASE("thrust: rows of integers", "[thrust]") { support::check_thrust<integer_rows>(); }
TEST_CASE("thrust: rows of truth values", "[thrust]") { support::check_thrust<truth_rows>(); }

// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/rows.hpp"
#include "evaluators/thrust/check.hpp"

#include <catch2/catch_template_test_macros.hpp>

// Gradients of softmax and layer normalisation.

using namespace recipes;

TEMPLATE_TEST_CASE_SIG("thrust: gradients of rows", "[thrust]", ((std::int64_t Length), Length), 1,
                       10, 12, 31, 33, 100) {
  support::check_thrust<row_gradients<Length>>();
}

TEMPLATE_TEST_CASE_SIG("thrust: gradients of long rows", "[thrust]",
                       ((std::int64_t Length), Length), 1000, 1024, 5000, 40'000) {
  support::check_thrust<row_gradients<Length, 1>>({1, 3});
}

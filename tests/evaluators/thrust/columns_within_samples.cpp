// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/columns.hpp"
#include "evaluators/thrust/check.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include <limits>

// Reductions along axes of each sample, and extremes that are there several times or are NaN.

using namespace recipes;

TEST_CASE("thrust: reductions within samples", "[thrust]") {
  support::check_thrust<within_samples<9, 33>>();
  support::check_thrust<within_samples<70, 3>>();
}

TEST_CASE("thrust: reductions within samples, in chunks", "[thrust]") {
  CHECK(support::in_chunks<within_samples<1500, 3>>(1));
  CHECK(support::in_chunks<within_samples<1500, 33>>(1));
  support::check_thrust<within_samples<1500, 1>>();
  support::check_thrust<within_samples<1500, 3>>({1, 5});
  support::check_thrust<within_samples<1500, 33>>({1, 5});
}

TEMPLATE_TEST_CASE_SIG("thrust: a NaN in any chunk is the largest and the smallest", "[thrust]",
                       ((std::int64_t Kept), Kept), 1, 6, 33) {
  using recipe = extrema<Kept>;
  CHECK(support::in_chunks<recipe>(3000));
  for (std::size_t const row : {0U, 5U, 3000U, 6299U}) {
    INFO("row " << row);
    auto data = random_graphs::data_for(support::graph_of<recipe>(), 5, 700);
    data.inputs[0][row * static_cast<std::size_t>(Kept)] = std::numeric_limits<double>::quiet_NaN();
    CHECK(support::thrust_failure<recipe>(data) == "");
  }
}

namespace {

struct first_of_equals {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {5000, 3});
    g.outputs.push_back(argmax(x, 0).id());
    g.outputs.push_back(argmin(x, 0).id());
    return g;
  }
};

}  // namespace

TEST_CASE("thrust: of equal extremes of a column the first counts", "[thrust]") {
  reference::bindings b;
  b.inputs.emplace_back(5000 * 3, 1.0);
  auto const at = [&](std::size_t row, std::size_t column) -> double& {
    return b.inputs[0][row * 3 + column];
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  at(4999, 0) = at(2500, 0) = at(2499, 0) = 2;
  at(77, 0) = at(4998, 0) = 0;
  at(4321, 1) = at(1234, 1) = nan;
  auto const got = support::run_thrust<program<first_of_equals>>(b);
  CHECK(got[0] == reference::values{2499, 1234, 0});
  CHECK(got[1] == reference::values{77, 1234, 0});
  CHECK(support::thrust_failure<first_of_equals>(b) == "");
}

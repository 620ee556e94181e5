// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

// Reductions over the batch, over leading axes and over everything: long ones are cut into chunks
// whose number no thread count changes.

namespace {

using namespace typegrad;

/// Everything that reduces a value of some extents without its last axis coming first.
template <std::int64_t... Dims>
struct reductions {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {Dims...});
    symbol const y = 0.5 * x + 1;
    int const rank = sizeof...(Dims);
    axis_list all, leading;
    for (int i = 0; i < rank; ++i) all.push_back(i);
    for (int i = 0; i + 1 < rank; ++i) leading.push_back(i);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(batch_sum(y));
    out(build::reduce(op::reduce_max, x, {}, true));
    out(build::reduce(op::reduce_min, y, {}, true));
    out(build::reduce(op::reduce_sum, y, all, true));
    out(build::reduce(op::reduce_max, y, all, true));
    out(build::reduce(op::reduce_sum, x, all));
    out(build::reduce(op::reduce_min, x, all));
    out(build::reduce(op::reduce_sum, square(x), leading, true));
    out(build::reduce(op::reduce_sum, y, leading));
    out(build::reduce(op::reduce_max, x, leading));
    out(build::reduce(op::reduce_sum, 1001 * cast(4 * x, dtype::int32), all, true));
    out(build::reduce(op::reduce_max, cast(4 * x, dtype::int32), leading, true));
    out(batch_sum(cast(x > 0, dtype::int32)));
    return g;
  }
};

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

TEST_CASE("cpu: reductions of long rows", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 2, 5}) check_at<reductions<2, 10'001>>(batch);
}

namespace {

struct shared_values {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {70, 150}, dtype::float32, false);
    symbol const v = build::input(g, "v", {9000}, dtype::float32, false);
    auto const out = [&](symbol z) { g.outputs.push_back(z.id()); };
    out(sum(x));
    out(max(x));
    out(sum(x, {0}));
    out(sum(x, {1}));
    out(argmax(v));
    out(sum(v));
    out(mean(square(v - mean(v))));
    return g;
  }
};

}  // namespace

TEST_CASE("cpu: reductions of shared values", "[cpu][threads]") { check_at<shared_values>(1); }

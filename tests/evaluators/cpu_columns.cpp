// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <limits>

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

TEST_CASE("cpu: few columns behind many reduced rows", "[cpu][threads]") {
  for (std::int64_t const batch : {64, 700}) check_at<reductions<9, 6>>(batch);
  check_at<reductions<3, 16>>(900);
  check_at<reductions<3, 70>>(300);
  check_at<reductions<2, 530>>(40);
}

namespace {

/// A body that is not copied for many vectors, sums of several results, columns that are no
/// neighbours in memory, and what is the same along the columns.
struct long_bodies {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {21, 37});
    symbol const w = build::input(g, "w", {21, 1});
    symbol const z = build::input(g, "z", {37, 21});
    auto const out = [&](symbol v) { g.outputs.push_back(v.id()); };
    symbol y = x;
    for (int i = 0; i < 6; ++i) y = build::unary(op::tanh, y * w + 0.1) - 0.5 * x;
    out(build::reduce(op::reduce_sum, y, {0}, true));
    out(build::reduce(op::reduce_max, y, {0}, true));
    out(build::reduce(op::reduce_sum, square(x), {0}, true));
    out(build::reduce(op::reduce_sum, transpose(z, {1, 0}), {0}, true));
    out(build::reduce(op::reduce_sum, x * transpose(z, {1, 0}), {0}));
    out(build::reduce(op::reduce_min, transpose(x, {1, 0}), {}, true));
    return g;
  }
};

}  // namespace

TEST_CASE("cpu: reductions of long bodies and of turned values", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 40, 200}) check_at<long_bodies>(batch);
}

namespace {

struct extrema {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {9, 6});
    for (op const code : {op::reduce_max, op::reduce_min, op::reduce_sum})
      g.outputs.push_back(build::reduce(code, x, {0}, true).id());
    return g;
  }
};

}  // namespace

TEST_CASE("cpu: a NaN in any chunk is the largest and the smallest", "[cpu][threads]") {
  static graph const g = extrema::build();
  for (std::size_t const row : {0UL, 5UL, 3000UL, 6299UL}) {
    INFO("row " << row);
    auto data = random_graphs::data_for(g, 5, 700);
    data.inputs[0][row * 6 + 2] = std::numeric_limits<double>::quiet_NaN();
    CHECK(support::cpu_failure<extrema>(data) == "");
  }
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

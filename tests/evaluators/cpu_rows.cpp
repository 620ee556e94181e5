// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <limits>

// Row programs: softmax, its logarithm, layer normalisation and positions of extremes, over rows of
// all kinds of lengths.

namespace {

using namespace typegrad;

constexpr symbol softmax_of(symbol x) {
  symbol const e = exp(x - max(x, {-1}, true));
  return e / sum(e, {-1}, true);
}
constexpr symbol log_softmax_of(symbol x) {
  symbol const shifted = x - max(x, {-1}, true);
  return shifted - log(sum(exp(shifted), {-1}, true));
}
constexpr symbol normalized_of(symbol x) {
  symbol const centered = x - mean(x, {-1}, true);
  return centered * rsqrt(mean(square(centered), {-1}, true) + 1e-3);
}

template <std::int64_t Length>
struct rows {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, Length});
    weights make{g};
    symbol const scale = make("scale", {Length}, initializer{});
    g.outputs.push_back(softmax_of(x).id());
    g.outputs.push_back(log_softmax_of(x).id());
    g.outputs.push_back((normalized_of(x) * scale + 0.5).id());
    g.outputs.push_back(argmax(x).id());
    g.outputs.push_back(argmin(x).id());
    g.outputs.push_back(max(x, {-1}).id());
    g.outputs.push_back(sum(x * scale, {-1}).id());
    return g;
  }
};

struct integer_rows {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 37}, dtype::int32);
    g.outputs.push_back(argmax(x).id());
    g.outputs.push_back(argmin(x).id());
    g.outputs.push_back(min(x, {-1}).id());
    g.outputs.push_back(max(x, {-1}).id());
    g.outputs.push_back(sum(10'000'019 * x, {-1}).id());  // no float32 has all of its digits
    g.outputs.push_back((x - max(x, {-1}, true)).id());
    g.outputs.push_back(sum(x > 0, {-1}).id());
    g.outputs.push_back(max(x > 3, {-1}).id());
    return g;
  }
};

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

namespace {

struct extremes {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {37});
    g.outputs.push_back(argmax(x).id());
    g.outputs.push_back(argmin(x).id());
    g.outputs.push_back(max(x).id());
    g.outputs.push_back(min(x).id());
    return g;
  }
};

}  // namespace

TEST_CASE("cpu: of equal extremes the first counts", "[cpu]") {
  reference::bindings b;
  b.batch_size = 6;
  b.inputs.emplace_back(6 * 37, 1.0);
  auto const at = [&](int sample, int i) -> double& {
    return b.inputs[0][static_cast<std::size_t>(sample * 37 + i)];
  };
  constexpr double inf = std::numeric_limits<double>::infinity();
  at(1, 5) = at(1, 21) = at(1, 36) = 2;
  at(1, 4) = at(1, 20) = at(1, 32) = 0;
  for (int i = 0; i < 37; ++i) at(2, i) = -inf;
  at(3, 33) = at(3, 18) = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 37; ++i) at(4, i) = inf;
  at(5, 17) = inf;
  at(5, 30) = inf;
  CHECK(support::cpu_failure<extremes>(b) == "");
  auto const got = support::run_cpu<program<extremes>>(b, 1);
  CHECK(got[0] == reference::values{0, 5, 0, 18, 0, 17});
  CHECK(got[1] == reference::values{0, 4, 0, 18, 0, 0});
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

// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/elementwise.hpp"
#include "evaluators/thrust/check.hpp"

// Every elementwise op, of scalars one by one and of as many neighbours as a thread can have.

using namespace recipes;

namespace {

template <class Recipe>
void check() {
  graph const& g = support::graph_of<Recipe>();
  for (std::int64_t const batch : {1, 5, 33}) {
    reference::bindings const in = Recipe::tried().of_batch(batch);
    INFO("batch " << batch);
    REQUIRE(far_off(support::run_thrust<program<Recipe>>(in), reference::evaluate<float>(g, in)) ==
            "");
  }
}

}  // namespace

TEST_CASE("thrust: ops of one operand", "[thrust]") { check<one_operand>(); }
TEST_CASE("thrust: sines, powers and casts to integers", "[thrust]") { check<circular>(); }
TEST_CASE("thrust: logarithms, angles and remainders", "[thrust]") {
  check<functions<dtype::float32>>();
  check<functions<dtype::float64>>();
}
TEST_CASE("thrust: ops of two operands", "[thrust]") { check<two_operands>(); }
TEST_CASE("thrust: integers", "[thrust]") { check<integers>(); }
TEST_CASE("thrust: truth values", "[thrust]") { check<truth_values>(); }

namespace {

/// A loop whose innermost axis has a length.
template <std::int64_t Length>
struct neighbours {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {2, Length});
    symbol const one = build::input(g, "one", {2, 1});
    symbol const shared = build::input(g, "shared", {Length}, dtype::float32, false);
    symbol const flags = build::input(g, "flags", {2, Length}, dtype::boolean);
    symbol const wide = build::input(g, "wide", {2, Length}, dtype::float64);
    symbol const whole = build::input(g, "whole", {2, Length}, dtype::int32);
    symbol const small = build::input(g, "small", {2, Length}, dtype::int8);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(x * one + shared);
    out(where(flags, x, one));
    out(!flags);
    out(flags && x > 0);
    out(cast(small, dtype::float32) * x);
    out(small - 1);
    out(wide * x);
    out(cast(whole, dtype::boolean));
    out(build::reverse(x, {1}) + x);
    out(build::iota(g, {2, Length}, 1) + whole);
    // from and to places that are multiples of four and such that are not
    symbol const wider = build::input(g, "wider", {2, Length + 8});
    out(slice(wider, {0, 3}, {2, Length + 3}) + x);
    out(slice(wider, {0, 4}, {2, Length + 4}) + x);
    out(build::concatenate(one, x, 1));
    out(build::concatenate(wider, x, 1));
    return g;
  }
};

}  // namespace

TEST_CASE("thrust: neighbours of all dtypes", "[thrust]") {
  support::check_thrust<neighbours<1>>();
  support::check_thrust<neighbours<7>>();
  support::check_thrust<neighbours<12>>();
  support::check_thrust<neighbours<32>>();
}

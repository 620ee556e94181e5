// SPDX-License-Identifier: BSL-1.0
#include "evaluators/run_cpu.hpp"

#include <typegrad/graph/weights.hpp>

#include <catch2/catch_test_macros.hpp>

#include <random>

// Programs in double precision, and steps in which both precisions meet.

namespace {

using namespace typegrad;

struct in_double {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 21}, dtype::float64);
    symbol const k = build::input(g, "k", {21, 10}, dtype::float64, false);
    symbol const f = build::input(g, "f", {3, 21});
    symbol const n = build::input(g, "n", {21}, dtype::int32);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(build::unary(op::tanh, x) * 2 + exp(x));
    symbol const e = exp(x - max(x, {-1}, true));
    out(e / sum(e, {-1}, true));
    out(maximum(matmul(x, k) + 1, 0));
    out(batch_mean(x));
    out(sum(x));
    out(argmax(x));
    out(argmax(transpose(x, {1, 0})));
    out(x + f);
    out(cast(x, dtype::float32) * f);
    out(where(x > 0.25, cast(n, dtype::float64), x));
    out(cast(10 * x, dtype::int32) + n);
    out(x < f);
    out(where(build::random_uniform(g, {3, 21}, true) < 0.5, x, 0));
    out(matmul(f, cast(k, dtype::float32)));
    out(cast(matmul(f, cast(k, dtype::float32)), dtype::float64) + 1);
    return g;
  }
};

}  // namespace

TEST_CASE("cpu: double precision", "[cpu][threads]") {
  static graph const g = in_double::build();
  REQUIRE(std::string{g.error.view()} == "");
  for (std::int64_t const batch : {1, 2, 5, 33}) {
    std::mt19937 random{static_cast<unsigned>(batch)};
    std::uniform_real_distribution<double> uniform{-1, 1};
    reference::bindings b;
    b.batch_size = batch;
    for (input_info const& x : g.inputs) {
      reference::values v;
      for (std::int64_t i = 0; i < x.shape.count() * (x.per_sample ? batch : 1); ++i) {
        double const u = uniform(random);
        v.push_back(x.type == dtype::int32     ? std::floor(9 * u)
                    : x.type == dtype::float32 ? static_cast<double>(static_cast<float>(u))
                                               : u);
      }
      b.inputs.push_back(v);
    }
    auto const exact = reference::evaluate<double>(g, b);
    auto const got = support::run_cpu<program<in_double>>(b, 1);
    REQUIRE(got.size() == exact.size());
    for (int k = 0; k < g.outputs.size(); ++k) {
      dtype const type = g[g.outputs[k]].type;
      double const tolerance = type == dtype::float64 && k < 14 ? 1e-13 : 1e-5;
      for (std::size_t i = 0; i < exact[static_cast<std::size_t>(k)].size(); ++i) {
        double const x = got[static_cast<std::size_t>(k)][i];
        double const y = exact[static_cast<std::size_t>(k)][i];
        INFO("output " << k << ", element " << i);
        REQUIRE(std::abs(x - y) <= tolerance * (1 + std::abs(y)));
      }
    }
    CHECK(support::identical(got, support::run_cpu<program<in_double>>(b, 3)));
  }
}

// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/windows.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// Convolutions and windows as steps of programs, with what is fused into them.

namespace {

using namespace typegrad;
using namespace recipes;

template <class Recipe>
void check() {
  using program_type = program<Recipe>;
  graph const g = Recipe::build();
  reference::bindings b;
  std::mt19937 source{5};
  std::uniform_real_distribution<double> uniform{-1, 1};
  auto const numbers = [&](std::int64_t n) {
    reference::values v(static_cast<std::size_t>(n));
    for (double& x : v) x = static_cast<double>(static_cast<float>(uniform(source)));
    return v;
  };
  for (std::int64_t const batch : {1, 2, 7, 131}) {
    b.batch_size = batch;
    b.inputs = {numbers(g.inputs[0].shape.count() * batch)};
    b.weights.clear();
    for (weight_info const& w : g.weights) b.weights.push_back(numbers(w.shape.count()));
    auto const wanted = reference::evaluate<float>(g, b);
    auto const one = support::run_cpu<program_type>(b, 1);
    REQUIRE(one.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      INFO("output " << i << ", batch " << batch);
      REQUIRE(one[i].size() == wanted[i].size());
      double worst = 0, scale = 1;
      for (std::size_t k = 0; k < wanted[i].size(); ++k) {
        worst = std::max(worst, std::abs(one[i][k] - wanted[i][k]));
        scale = std::max(scale, std::abs(wanted[i][k]));
      }
      CHECK(worst <= 2e-5 * scale);
    }
    CHECK(support::run_cpu<program_type>(b, 2) == one);
    CHECK(support::run_cpu<program_type>(b, 3) == one);
  }
}

}  // namespace

TEST_CASE("cpu: convolutions and windows as steps", "[cpu][threads]") {
  check<pooled_network<true, 3, 16>>();
  check<pooled_network<false, 1, 6>>();
  check<pooled<28, 6>>();  // its first maximum in registers
  check<pooled<13, 5>>();  // and of some samples at a time
}

TEST_CASE("cpu: what stands around a convolution is fused into it", "[cpu]") {
  using forward = program<pooled_network<true, 3, 16>>;
  // convolution + bias + relu; 1x1 + shortcut; pool; sum; then backwards
  CHECK(forward::data.steps[0].kind == step_kind::contraction);
  CHECK(forward::data.steps[0].product.code == op::convolution);
  CHECK(forward::data.steps[1].product.code == op::dot_general);
  CHECK(forward::data.steps[2].product.code == op::window_max);

  using inference = program<pooled<28, 6>>;
  CHECK(inference::step_count == 3);
  CHECK(inference::data.steps[0].product.code == op::convolution_max);
}

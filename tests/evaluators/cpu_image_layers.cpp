// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/image_layers.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// Layers for images and sequences as programs, with all their gradients.

namespace {

using namespace recipes;

template <class Recipe>
void check() {
  tg::graph const g = Recipe::build();
  INFO(std::string(g.error.view()));
  REQUIRE(!g.failed());
  for (unsigned const batch : {1U, 5U})
    CHECK(support::cpu_failure<Recipe>(recipes::uniform_data(g, batch, batch), 2) == "");
}

TEST_CASE("CPU programs of convolutional layers", "[cpu]") {
  check<plane_convolutions>();
  check<line_convolutions>();
  check<volume_convolutions>();
}

TEST_CASE("CPU programs of layers with few filters and channels", "[cpu]") {
  check<few_channels>();
  check<many_channels>();
}

TEST_CASE("CPU programs of depthwise and separable convolutions", "[cpu]") {
  check<depthwise_convolutions>();
}

TEST_CASE("CPU programs of transposed convolutions", "[cpu]") { check<transposed_convolutions>(); }

TEST_CASE("CPU programs of pooling", "[cpu]") {
  check<pools>();
  check<global_pools>();
}

TEST_CASE("CPU programs of padding, cropping and up-sampling", "[cpu]") {
  check<borders>();
  check<up_samplings>();
}

}  // namespace

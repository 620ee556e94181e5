// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/layers.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

// Normalization and noise as programs, with all their gradients and updates.

namespace {

namespace tg = typegrad;
using recipes::between;

template <class Recipe>
void check() {
  tg::graph const g = Recipe::build();
  INFO(std::string(g.error.view()));
  REQUIRE(!g.failed());
  for (unsigned const batch : {2U, 7U, 40U})
    CHECK(support::cpu_failure<Recipe>(recipes::uniform_data(g, batch, batch, 0.25, 1.5)) == "");
}
template <class Shape, class Layer>
void check_both() {
  check<between<true, Shape, Layer>>();
  check<between<false, Shape, Layer>>();
}

using image = tg::shape<5, 6, 20>;

TEST_CASE("CPU programs of batch normalization", "[cpu][threads]") {
  check_both<image, tg::batch_normalization<>>();
  check_both<tg::shape<35>, tg::batch_normalization<tg::no_center>>();
  check<between<true, tg::shape<4, 3, 7>, tg::batch_normalization<tg::axis(0), tg::no_scale>>>();
  check<between<true, image, tg::frozen<tg::batch_normalization<>>>>();
}

TEST_CASE("CPU programs of normalization within a sample", "[cpu][threads]") {
  check<between<false, image, tg::group_normalization<4>>>();
  check<between<false, tg::shape<6, 9>, tg::group_normalization<-1>>>();
  check<between<false, tg::shape<24>, tg::group_normalization<3>>>();
  check<between<false, image, tg::layer_normalization<>>>();
  check<between<false, tg::shape<3, 5, 7>, tg::layer_normalization<tg::axis(1, 2)>>>();
  check<between<false, tg::shape<3, 5, 7>, tg::layer_normalization<tg::axis(0)>>>();
  check<between<false, image, tg::rms_normalization<>>>();
  check<between<false, tg::shape<4, 18>, tg::unit_normalization<>>>();
}

TEST_CASE("CPU programs of noise", "[cpu][threads]") {
  check<between<true, image, tg::spatial_dropout2d<0.5F>>>();
  check<between<true, tg::shape<37>, tg::gaussian_noise<0.5F>>>();
  check<between<true, tg::shape<5, 7>, tg::gaussian_dropout<0.25F>>>();
}

}  // namespace

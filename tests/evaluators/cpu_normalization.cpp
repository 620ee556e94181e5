// SPDX-License-Identifier: BSL-1.0
#include "evaluators/run_cpu.hpp"

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/nn.hpp>

#include <catch2/catch_test_macros.hpp>

// Normalization and noise as programs, with all their gradients and updates.

namespace {

namespace tg = typegrad;

/// A layer between two others, so that it is fused with what stands around it.
template <bool Training, class Shape, class Layer>
struct between {
  static constexpr tg::graph build() {
    tg::graph g;
    g.training = Training;
    tg::symbol const x = tg::build::input(g, "x", Shape::value);
    tg::symbol const weight = tg::build::input(g, "weight", Shape::value);
    tg::symbol const scaled = tg::tanh(3 * x);
    tg::symbol const y = tg::relu(add(Layer{}(scaled), x));
    tg::list<int> wanted;
    wanted.push_back(x.id());
    for (int i = 0; i < g.size(); ++i)
      if (g[i].code == tg::op::weight && g.weights[g[i].index].trainable) wanted.push_back(i);
    tg::list<int> const gradients = tg::differentiate(g, sum(y * weight), wanted);
    g.outputs.push_back(y.id());
    for (int const id : gradients) g.outputs.push_back(id);
    for (tg::state_update const& u : g.updates) g.outputs.push_back(u.node);
    return g;
  }
};

template <class Recipe>
void check() {
  tg::graph const g = Recipe::build();
  INFO(std::string(g.error.view()));
  REQUIRE(!g.failed());
  for (std::int64_t const batch : {2, 7, 40}) {
    tg::reference::bindings b;
    std::mt19937 source{static_cast<unsigned>(batch)};
    std::uniform_real_distribution<double> uniform{-1, 1};
    auto const numbers = [&](std::int64_t n, double about) {
      tg::reference::values v(static_cast<std::size_t>(n));
      for (double& x : v) x = static_cast<double>(static_cast<float>(about + uniform(source)));
      return v;
    };
    b.batch_size = batch;
    for (tg::input_info const& i : g.inputs)
      b.inputs.push_back(numbers(batch * i.shape.count(), 0.25));
    for (tg::weight_info const& w : g.weights) b.weights.push_back(numbers(w.shape.count(), 1.5));
    CHECK(support::cpu_failure<Recipe>(b) == "");
  }
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

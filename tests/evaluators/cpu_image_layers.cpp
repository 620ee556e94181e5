// SPDX-License-Identifier: BSL-1.0
#include "evaluators/run_cpu.hpp"

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/nn.hpp>

#include <catch2/catch_test_macros.hpp>

// Layers for images and sequences as programs, with all their gradients.

namespace {

namespace tg = typegrad;

/// Each of the layers on the same input of extents Shape. The loss is the sum of all results, each
/// weighted by numbers of its own.
template <class Shape, class... Layers>
struct side_by_side {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", Shape::value);
    tg::symbol loss;
    auto const add = [&](auto layer) {
      tg::symbol const y = layer(x);
      tg::symbol const weight = tg::build::input(g, "weight", y.shape());
      g.outputs.push_back(y.id());
      tg::symbol const part = sum(y * weight);
      loss = loss.valid() ? loss + part : part;
    };
    (add(Layers{}), ...);
    tg::list<int> wanted;
    wanted.push_back(x.id());
    for (int i = 0; i < g.size(); ++i)
      if (g[i].code == tg::op::weight) wanted.push_back(i);
    tg::list<int> const gradients = tg::differentiate(g, batch_sum(loss), wanted);
    for (int const id : gradients) g.outputs.push_back(id);
    return g;
  }
};

template <class Recipe>
void check() {
  tg::graph const g = Recipe::build();
  INFO(std::string(g.error.view()));
  REQUIRE(!g.failed());
  tg::reference::bindings b;
  std::mt19937 source{5};
  std::uniform_real_distribution<double> uniform{-1, 1};
  auto const numbers = [&](std::int64_t n) {
    tg::reference::values v(static_cast<std::size_t>(n));
    for (double& x : v) x = static_cast<double>(static_cast<float>(uniform(source)));
    return v;
  };
  for (std::int64_t const batch : {1, 5}) {
    b.batch_size = batch;
    b.inputs.clear();
    b.weights.clear();
    for (tg::input_info const& i : g.inputs) b.inputs.push_back(numbers(batch * i.shape.count()));
    for (tg::weight_info const& w : g.weights) b.weights.push_back(numbers(w.shape.count()));
    CHECK(support::cpu_failure<Recipe>(b, 2) == "");
  }
}

using image = tg::shape<7, 6, 4>;

TEST_CASE("CPU programs of convolutional layers", "[cpu]") {
  check<side_by_side<
      image, tg::conv2d<6, 3, tg::same, tg::strides<2>, tg::relu>,
      tg::conv2d<8, tg::size<2, 3>, tg::dilation_rate<2, 1>, tg::groups<2>, tg::no_bias>,
      tg::conv2d<5, 1, tg::tanh>>>();
  check<side_by_side<tg::shape<9, 3>, tg::conv1d<4, 3, tg::causal, tg::dilation_rate<2>>,
                     tg::conv1d<4, 2, tg::strides<3>>>>();
  check<side_by_side<tg::shape<3, 4, 5, 2>, tg::conv3d<3, 2, tg::same>>>();
}

TEST_CASE("CPU programs of layers with few filters and channels", "[cpu]") {
  check<side_by_side<tg::shape<9, 30, 1>, tg::conv2d<6, 5, tg::same, tg::relu>,
                     tg::conv2d<3, 3, tg::same, tg::tanh>,
                     tg::conv2d<1, 3, tg::same, tg::no_bias>>>();
  check<side_by_side<tg::shape<8, 14, 6>, tg::conv2d<16, 5, tg::relu>, tg::max_pooling2d<2>,
                     tg::max_pooling2d<2, tg::same, tg::strides<1>>, tg::average_pooling2d<2>>>();
}

TEST_CASE("CPU programs of depthwise and separable convolutions", "[cpu]") {
  check<side_by_side<image, tg::depthwise_conv2d<3, tg::same, tg::relu>,
                     tg::depthwise_conv2d<2, tg::depth_multiplier<2>, tg::strides<2>>,
                     tg::separable_conv2d<5, 3, tg::depth_multiplier<2>>>>();
}

TEST_CASE("CPU programs of transposed convolutions", "[cpu]") {
  check<side_by_side<image, tg::conv2d_transpose<3, 3, tg::strides<2>, tg::same, tg::relu>,
                     tg::conv2d_transpose<2, 2, tg::strides<3>>,
                     tg::conv2d_transpose<2, 3, tg::strides<2>, tg::output_padding<1>>>>();
}

TEST_CASE("CPU programs of pooling", "[cpu]") {
  check<side_by_side<image, tg::max_pooling2d<>, tg::max_pooling2d<3, tg::strides<2>, tg::same>,
                     tg::average_pooling2d<2>,
                     tg::average_pooling2d<3, tg::strides<2, 1>, tg::same>>>();
  check<side_by_side<image, tg::global_max_pooling2d<>, tg::global_average_pooling2d<>,
                     tg::global_average_pooling2d<tg::keepdims>>>();
}

TEST_CASE("CPU programs of padding, cropping and up-sampling", "[cpu]") {
  check<side_by_side<image, tg::zero_padding2d<tg::sides<1, 0>, 2>,
                     tg::cropping2d<1, tg::sides<0, 3>>>>();
  check<side_by_side<image, tg::up_sampling2d<tg::size<2, 3>>, tg::up_sampling2d<tg::bilinear>,
                     tg::up_sampling2d<3, tg::bilinear>>>();
}

}  // namespace

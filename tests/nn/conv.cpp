// SPDX-License-Identifier: BSL-1.0
#include "nn/convolution_cases.hpp"

#include <typegrad/nn/initialize.hpp>

namespace {

namespace tg = typegrad;
using cases::against_differences;
using cases::against_keras;
using oracle::values;

TEST_CASE("convolutions are Keras's, values and gradients", "[conv]") {
  against_keras<tg::conv1d<3, 3>>("conv1d");
  against_keras<tg::conv1d<3, 4, tg::same>>("conv1d_same_even");
  against_keras<tg::conv1d<2, 4, tg::strides<3>, tg::same>>("conv1d_strides_3_same");
  against_keras<tg::conv1d<2, 3, tg::causal>>("conv1d_causal");
  against_keras<tg::conv1d<2, 3, tg::causal, tg::dilation_rate<2>, tg::no_bias>>(
      "conv1d_causal_dilation_2");
  against_keras<tg::conv1d<2, 4, tg::strides<2>, tg::causal>>("conv1d_causal_strides_2");
  against_keras<tg::conv1d<4, 3, tg::groups<2>>>("conv1d_groups_2");
  against_keras<tg::conv2d<3, 3>>("conv2d");
  against_keras<tg::conv2d<3, 3, tg::same, tg::relu>>("conv2d_same_relu");
  against_keras<tg::conv2d<2, tg::size<2, 4>, tg::same>>("conv2d_same_even");
  against_keras<tg::conv2d<2, tg::size<3, 5>, tg::no_bias>>("conv2d_size_3_5_no_bias");
  against_keras<tg::conv2d<2, 3, tg::strides<2>>>("conv2d_strides_2");
  against_keras<tg::conv2d<2, 3, tg::same, tg::strides<2, 2>>>("conv2d_strides_2_same");
  against_keras<tg::conv2d<2, 2, tg::strides<1, 3>, tg::same>>("conv2d_strides_1_3_same");
  against_keras<tg::conv2d<2, 2, tg::strides<3>>>("conv2d_strides_3_size_2");
  against_keras<tg::conv2d<2, 3, tg::dilation_rate<2>>>("conv2d_dilation_2");
  against_keras<tg::conv2d<2, 3, tg::dilation_rate<1, 3>, tg::same>>("conv2d_dilation_1_3_same");
  against_keras<tg::conv2d<4, 3, tg::groups<2>>>("conv2d_groups_2");
  against_keras<tg::conv2d<6, 3, tg::groups<3>, tg::strides<2>, tg::same>>(
      "conv2d_groups_3_strides_2_same");
  against_keras<tg::conv2d<3, 1>>("conv2d_size_1");
  against_keras<tg::conv2d<3, 1, tg::strides<2>>>("conv2d_size_1_strides_2");
  against_keras<tg::conv3d<2, 2>>("conv3d");
  against_keras<tg::conv3d<2, 3, tg::strides<2>, tg::same>>("conv3d_strides_2_same");
  against_keras<tg::conv3d<2, tg::size<1, 2, 3>, tg::strides<1, 1, 2>>>(
      "conv3d_size_1_2_3_strides_1_1_2");
  against_keras<tg::conv3d<2, 2, tg::dilation_rate<1, 2, 2>>>("conv3d_dilation_1_2_2");
  against_keras<tg::conv3d<4, 2, tg::groups<2>, tg::same>>("conv3d_groups_2_same");
}

TEST_CASE("gradients of convolutions are limits of differences", "[conv]") {
  against_differences<tg::conv1d<4, 3, tg::causal, tg::dilation_rate<3>, tg::groups<2>>>({7, 6});
  against_differences<tg::conv2d<4, 3, tg::same, tg::tanh>>({5, 6, 3});
  against_differences<tg::conv2d<3, tg::size<4, 2>, tg::strides<3, 1>, tg::same>>({7, 5, 1});
  against_differences<tg::conv2d<6, 3, tg::strides<2>, tg::groups<3>>>({5, 7, 3});
  against_differences<tg::conv2d<2, 3, tg::dilation_rate<2, 3>, tg::same>>({6, 7, 2});
  against_differences<tg::conv3d<4, 2, tg::dilation_rate<1, 2, 2>, tg::groups<2>>>({3, 4, 4, 2});
  against_differences<tg::conv3d<2, tg::size<1, 3, 2>, tg::strides<1, 2, 2>, tg::same>>(
      {2, 5, 4, 3});
}

TEST_CASE("three axes with dilation and groups are two axes, stacked", "[conv]") {
  // a kernel of depth 1 sees each plane by itself
  using volume = tg::conv3d<4, tg::size<1, 3, 2>, tg::dilation_rate<1, 2, 1>, tg::groups<2>>;
  using plane = tg::conv2d<4, tg::size<3, 2>, tg::dilation_rate<2, 1>, tg::groups<2>>;
  values const x = cases::numbers(3 * 6 * 5 * 4, 1);
  std::vector<values> const weights{cases::numbers(3 * 2 * 2 * 4, 2), cases::numbers(4, 3)};
  auto const of = [&](tg::graph const& g, std::int64_t batch) {
    return oracle::run(g, batch, {x}, weights)[0];
  };
  // the planes as samples
  oracle::check_close(of(tg::trace<tg::sequential<tg::input<3, 6, 5, 4>, volume>>(), 1),
                      of(tg::trace<tg::sequential<tg::input<6, 5, 4>, plane>>(), 3), 0);
}

TEST_CASE("a convolution's weights are a kernel of taps, channels and filters, and a bias",
          "[conv]") {
  auto const g = tg::trace<tg::sequential<
      tg::input<9, 8, 6>,
      tg::conv2d<4, tg::size<3, 5>, tg::groups<2>, tg::l2(0.5F), tg::he_normal{},
                 tg::bias_initializer(tg::ones{}), tg::bias_regularizer(tg::l1(0.25F)), tg::relu,
                 tg::activity_regularizer(tg::l2())>>>();
  REQUIRE(g.weights.size() == 2);
  CHECK(g.weights[0].path.view() == "conv2d/kernel");
  CHECK(g.weights[0].shape == tg::extents{3, 5, 3, 4});
  CHECK(g.weights[0].l2 == 0.5F);
  CHECK(g.weights[0].initial == tg::he_normal{}.operator tg::initializer());
  CHECK(g.weights[1].path.view() == "conv2d/bias");
  CHECK(g.weights[1].shape == tg::extents{4});
  CHECK(g.weights[1].initial == tg::ones{}.operator tg::initializer());
  CHECK(g.weights[1].l1 == 0.25F);
  CHECK(g.losses.size() == 1);
  // glorot_uniform's limit for a kernel: fan_in is taps x channels, fan_out taps x filters
  CHECK(tg::detail::fan_of({3, 5, 3, 4}, tg::initializer::fan::in) == 45);
  CHECK(tg::detail::fan_of({3, 5, 3, 4}, tg::initializer::fan::out) == 60);
  CHECK(tg::detail::fan_of({3, 5, 3, 4}, tg::initializer::fan::average) == 52.5);
}

TEST_CASE("one convolution called twice shares its weights", "[conv]") {
  struct twice : tg::layer<twice> {
    tg::conv2d<3, 3, tg::same> shared;
    constexpr tg::symbol call(tg::symbol x) { return shared(shared(x)); }
  };
  STATIC_CHECK(tg::parameter_count<tg::sequential<tg::input<4, 4, 3>, twice>> == 84);
  // and it slides over other extents the second time
  struct shrinking : tg::layer<shrinking> {
    tg::conv2d<3, 3> shared;
    constexpr tg::symbol call(tg::symbol x) { return shared(shared(x)); }
  };
  STATIC_CHECK(std::same_as<tg::output_shape<tg::sequential<tg::input<7, 6, 3>, shrinking>>,
                            tg::shape<3, 2, 3>>);
  CHECK(tg::trace<tg::sequential<tg::input<4, 6, 3>, shrinking>>().error.view() ==
        "layer 1, shrinking/conv2d: a 3x3 window does not fit extents 2x4x3; use padding same or a "
        "smaller kernel");
}

}  // namespace

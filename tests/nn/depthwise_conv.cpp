// SPDX-License-Identifier: BSL-1.0
#include "nn/convolution_cases.hpp"

namespace {

namespace tg = typegrad;
using cases::against_differences;
using cases::against_keras;
using oracle::values;

TEST_CASE("depthwise and separable convolutions are Keras's, values and gradients", "[conv]") {
  against_keras<tg::depthwise_conv1d<3, tg::strides<2>, tg::same>>(
      "depthwise_conv1d_strides_2_same");
  against_keras<tg::depthwise_conv2d<3>>("depthwise_conv2d");
  against_keras<tg::depthwise_conv2d<3, tg::depth_multiplier<2>, tg::same, tg::tanh>>(
      "depthwise_conv2d_multiplier_2_same");
  against_keras<tg::depthwise_conv2d<tg::size<2, 3>, tg::strides<2>, tg::same, tg::no_bias>>(
      "depthwise_conv2d_strides_2_same_no_bias");
  against_keras<tg::depthwise_conv2d<2, tg::dilation_rate<2>>>("depthwise_conv2d_dilation_2");
  against_keras<tg::depthwise_conv2d<3, tg::strides<2, 1>>>("depthwise_conv2d_strides_2_1");
  against_keras<tg::separable_conv1d<3, 3, tg::dilation_rate<2>>>("separable_conv1d_dilation_2");
  against_keras<tg::separable_conv2d<3, 3>>("separable_conv2d");
  against_keras<tg::separable_conv2d<3, tg::size<3, 2>, tg::strides<2>, tg::same,
                                     tg::depth_multiplier<2>, tg::tanh, tg::no_bias>>(
      "separable_conv2d_multiplier_2_strides_2_same");
}

TEST_CASE("gradients of depthwise and separable convolutions are limits of differences", "[conv]") {
  against_differences<tg::depthwise_conv1d<2, tg::depth_multiplier<3>>>({5, 2});
  against_differences<tg::depthwise_conv2d<3, tg::strides<2, 1>, tg::same>>({5, 4, 3});
  against_differences<tg::separable_conv1d<2, 3, tg::depth_multiplier<2>, tg::strides<2>>>({7, 3});
  against_differences<tg::separable_conv2d<4, 2, tg::dilation_rate<2>, tg::same>>({4, 5, 2});
}

TEST_CASE("a separable convolution's weights are two kernels and a bias", "[conv]") {
  using tg::depthwise_initializer, tg::depthwise_regularizer;
  using tg::pointwise_initializer, tg::pointwise_regularizer;
  auto const g = tg::trace<tg::sequential<
      tg::input<9, 8, 6>,
      tg::separable_conv2d<5, tg::size<3, 2>, tg::depth_multiplier<4>,
                           pointwise_regularizer(tg::l1(0.5F)),
                           depthwise_regularizer(tg::l2(0.25F)), depthwise_initializer(tg::ones{}),
                           pointwise_initializer(tg::he_uniform{})>,
      tg::depthwise_conv2d<3, tg::depth_multiplier<2>, tg::l2(0.125F)>>>();
  REQUIRE(g.weights.size() == 5);
  CHECK(g.weights[0].path.view() == "separable_conv2d/depthwise_kernel");
  CHECK(g.weights[0].shape == tg::extents{3, 2, 6, 4});
  CHECK(g.weights[0].l2 == 0.25F);
  CHECK(g.weights[0].initial == tg::ones{}.operator tg::initializer());
  CHECK(g.weights[1].path.view() == "separable_conv2d/pointwise_kernel");
  CHECK(g.weights[1].shape == tg::extents{1, 1, 24, 5});
  CHECK(g.weights[1].l1 == 0.5F);
  CHECK(g.weights[1].initial == tg::he_uniform{}.operator tg::initializer());
  CHECK(g.weights[2].path.view() == "separable_conv2d/bias");
  CHECK(g.weights[2].shape == tg::extents{5});
  CHECK(g.weights[3].path.view() == "depthwise_conv2d/kernel");
  CHECK(g.weights[3].shape == tg::extents{3, 3, 5, 2});
  CHECK(g.weights[3].l2 == 0.125F);
  CHECK(g.weights[4].shape == tg::extents{10});
}

}  // namespace

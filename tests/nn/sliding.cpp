// SPDX-License-Identifier: BSL-1.0
#include <typegrad/nn.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace {

namespace tg = typegrad;
using tg::input;
using tg::padding_mode;
using tg::sequential;

template <class M>
std::string error_of() {
  return std::string(tg::trace<M>().error.view());
}

/// What a layer says of an input of 28 x 28 x 4.
template <class Layer>
std::string said_by() {
  return error_of<sequential<input<28, 28, 4>, Layer>>();
}

constexpr tg::window_axis along(std::int64_t in, std::int64_t size, std::int64_t stride,
                                std::int64_t dilation, padding_mode padding) {
  tg::detail::sliding s;
  s.size = {size};
  s.strides = {stride};
  s.dilation_rate = {dilation};
  s.padding = padding;
  return tg::detail::slide_along(in, s, 0);
}

TEST_CASE("windows of a valid convolution are those that fit", "[sliding]") {
  for (std::int64_t in = 1; in < 12; ++in)
    for (std::int64_t size = 1; size < 5; ++size)
      for (std::int64_t stride = 1; stride < 5; ++stride)
        for (std::int64_t dilation = 1; dilation < 4; ++dilation) {
          auto const a = along(in, size, stride, dilation, tg::valid);
          std::int64_t fitting = 0;
          for (std::int64_t o = 0; o * stride + (size - 1) * dilation < in; ++o) ++fitting;
          CHECK(a.out == fitting);
          CHECK((a.low == 0 && (a.out == 0 || a.high() == 0)));
        }
}

TEST_CASE("same pads as little as gives one window a stride, with more at the end", "[sliding]") {
  for (std::int64_t in = 1; in < 12; ++in)
    for (std::int64_t size = 1; size < 7; ++size)
      for (std::int64_t stride = 1; stride < 5; ++stride)
        for (std::int64_t dilation = 1; dilation < 4; ++dilation) {
          auto const a = along(in, size, stride, dilation, tg::same);
          CHECK(a.out == (in + stride - 1) / stride);
          CHECK((a.high() == a.low || a.high() == a.low + 1));
          std::int64_t const padded = a.low + in + a.high();
          if (a.padded()) CHECK(padded == (a.out - 1) * stride + a.reach());
        }
  CHECK(along(28, 5, 1, 1, tg::same).low == 2);
  CHECK(along(28, 4, 1, 1, tg::same).low == 1);  // and 2 at the end
  CHECK(along(28, 3, 2, 1, tg::same).low == 0);  // and 1 at the end
  CHECK(along(28, 3, 2, 1, tg::same).high() == 1);
}

TEST_CASE("causal windows end at their own element", "[sliding]") {
  auto const a = along(10, 3, 1, 2, tg::causal);
  CHECK(a.out == 10);
  CHECK(a.low == 4);
  CHECK(a.high() == 0);
  CHECK(along(10, 3, 4, 1, tg::causal).out == 3);
}

TEST_CASE("extents that are no spatial axes and channels", "[sliding]") {
  using tg::conv1d, tg::conv2d, tg::conv3d;
  CHECK(error_of<sequential<input<784>, conv2d<8, 3>>>() ==
        "layer 1, conv2d: needs height x width x channels, got extents 784; put "
        "reshape<28, 28, 1> before it");
  CHECK(error_of<sequential<input<785>, conv2d<8, 3>>>() ==
        "layer 1, conv2d: needs height x width x channels, got extents 785; put "
        "reshape<height, width, channels> before it");
  CHECK(error_of<sequential<input<28, 20>, conv2d<8, 3>>>() ==
        "layer 1, conv2d: needs height x width x channels, got extents 28x20; put "
        "reshape<28, 20, 1> before it");
  CHECK(error_of<sequential<input<>, conv2d<8, 3>>>() ==
        "layer 1, conv2d: needs height x width x channels, got extents scalar; put "
        "reshape<height, width, channels> before it");
  CHECK(error_of<sequential<input<28>, conv1d<8, 3>>>() ==
        "layer 1, conv1d: needs steps x channels, got extents 28; put reshape<28, 1> "
        "before it");
  CHECK(said_by<conv3d<8, 3>>() ==
        "layer 1, conv3d: needs depth x height x width x channels, got extents "
        "28x28x4; put reshape<28, 28, 4, 1> before it");
  CHECK(said_by<tg::max_pooling1d<>>() ==
        "layer 1, max_pooling1d: needs steps x channels, got extents 28x28x4; put "
        "reshape<steps, channels> before it");
  CHECK(said_by<tg::global_average_pooling1d<>>() ==
        "layer 1, global_average_pooling1d: needs steps x channels, got extents "
        "28x28x4; put reshape<steps, channels> before it");
}

TEST_CASE("options that do not fit are told", "[sliding]") {
  using tg::conv2d, tg::conv2d_transpose, tg::depthwise_conv2d, tg::separable_conv2d;
  CHECK(said_by<conv2d<8, 30>>() ==
        "layer 1, conv2d: a 30x30 window does not fit extents 28x28x4; use padding same or a "
        "smaller kernel");
  CHECK(said_by<conv2d<8, tg::size<3, 10>, tg::dilation_rate<1, 4>>>() ==
        "layer 1, conv2d: a 3x10 window (3x37 with dilation_rate 1x4) does not fit extents "
        "28x28x4; use padding same or a smaller kernel");
  CHECK(said_by<conv2d<8, tg::size<3, 3, 3>>>() ==
        "layer 1, conv2d: kernel size needs 1 number, or 2 of them, got 3");
  CHECK(said_by<conv2d<8, tg::size<1, 1, 1, 1>>>() ==
        "layer 1, conv2d: kernel size needs 1 number, or 2 of them, got 4");
  CHECK(said_by<conv2d<8, tg::size<>>>() ==
        "layer 1, conv2d: kernel size needs 1 number, or 2 of them, got 0");
  CHECK(error_of<sequential<input<8, 1>, tg::conv1d<8, 3, tg::strides<1, 2>>>>() ==
        "layer 1, conv1d: strides needs 1 number, got 2");
  CHECK(said_by<conv2d<8, -3>>() == "layer 1, conv2d: kernel size must be positive, got -3");
  CHECK(said_by<conv2d<8, 3, tg::strides<1, 0>>>() ==
        "layer 1, conv2d: strides must be positive, got 1x0");
  CHECK(said_by<conv2d<8, 3, tg::dilation_rate<0>>>() ==
        "layer 1, conv2d: dilation_rate must be positive, got 0");
  CHECK(said_by<conv2d<8, 3, tg::strides<2, 1>, tg::dilation_rate<3>>>() ==
        "layer 1, conv2d: strides and dilation_rate cannot both be more than 1, got 2x1 and 3x3");
  CHECK(said_by<conv2d<0, 3>>() == "layer 1, conv2d: filters must be positive, got 0");
  CHECK(said_by<conv2d<8, 3, tg::groups<3>>>() ==
        "layer 1, conv2d: 3 groups do not divide 4 channels");
  CHECK(said_by<conv2d<6, 3, tg::groups<4>>>() ==
        "layer 1, conv2d: 4 groups do not divide 6 filters");
  CHECK(said_by<conv2d<6, 3, tg::groups<0>>>() ==
        "layer 1, conv2d: groups must be positive, got 0");
  CHECK(said_by<conv2d<6, 3, tg::causal>>() ==
        "layer 1, conv2d: causal padding is for conv1d only; use same or valid");
  CHECK(error_of<sequential<input<8, 1>, tg::depthwise_conv1d<3, tg::causal>>>() ==
        "layer 1, depthwise_conv1d: causal padding is for conv1d only; use same or valid");
  CHECK(said_by<conv2d<6, tg::relu>>() ==
        "layer 1, conv2d: needs a kernel size, a number or size<...>, in place of option "
        "(activation)");
  CHECK(said_by<conv2d<6, 3, tg::same, tg::valid>>() ==
        "layer 1, conv2d: option 2 (padding) repeats option 1");
  CHECK(said_by<conv2d<6, 3, tg::depth_multiplier<2>>>() ==
        "layer 1, conv2d: option 1 (depth_multiplier) is not one that conv2d takes");
  CHECK(said_by<depthwise_conv2d<3, tg::groups<2>>>() ==
        "layer 1, depthwise_conv2d: option 1 (groups) is not one that depthwise_conv2d takes");
  CHECK(said_by<depthwise_conv2d<3, tg::depth_multiplier<-1>>>() ==
        "layer 1, depthwise_conv2d: depth_multiplier must be positive, got -1");
  CHECK(said_by<separable_conv2d<8, 3, tg::l2()>>() ==
        "layer 1, separable_conv2d: option 1 (kernel_regularizer) is not one that "
        "separable_conv2d takes");
  CHECK(said_by<separable_conv2d<-8, 3>>() ==
        "layer 1, separable_conv2d: filters must be positive, got -8");
  CHECK(said_by<conv2d_transpose<8, 3, tg::groups<2>>>() ==
        "layer 1, conv2d_transpose: option 1 (groups) is not one that conv2d_transpose takes");
  CHECK(said_by<conv2d_transpose<8, 3, tg::strides<2, 3>, tg::output_padding<1, 3>>>() ==
        "layer 1, conv2d_transpose: output_padding must be less than strides, got 1x3 and 2x3");
  CHECK(said_by<conv2d_transpose<8, 3, tg::output_padding<-1>>>() ==
        "layer 1, conv2d_transpose: output_padding must not be negative, got -1");
  CHECK(
      error_of<
          sequential<input<1, 1, 1>, conv2d_transpose<8, 2, tg::same, tg::output_padding<0>>>>() ==
      "layer 1, conv2d_transpose: nothing is left of extents 1x1x1; use more output_padding, or "
      "valid");
}

TEST_CASE("pools, amounts and sizes that do not fit are told", "[sliding]") {
  CHECK(said_by<tg::max_pooling2d<0>>() ==
        "layer 1, max_pooling2d: pool size must be positive, got 0");
  CHECK(said_by<tg::max_pooling2d<29>>() ==
        "layer 1, max_pooling2d: a 29x29 window does not fit extents 28x28x4; use padding same or "
        "a smaller pool");
  CHECK(said_by<tg::max_pooling2d<2, tg::relu>>() ==
        "layer 1, max_pooling2d: option 2 (activation) is not one that max_pooling2d takes");
  CHECK(said_by<tg::max_pooling2d<2, 3>>() ==
        "layer 1, max_pooling2d: option 2 (size) repeats option 1");
  CHECK(said_by<tg::max_pooling2d<2, tg::dilation_rate<3>>>() ==
        "layer 1, max_pooling2d: option 2 (dilation_rate) is not one that max_pooling2d takes");
  CHECK(said_by<tg::average_pooling2d<>>() ==
        "layer 1, average_pooling2d: needs a pool size: average_pooling2d<2>");
  CHECK(said_by<tg::global_max_pooling2d<2>>() ==
        "layer 1, global_max_pooling2d: option 1 (unknown) is not one that global_max_pooling2d "
        "takes");
  CHECK(said_by<tg::zero_padding2d<1, 2, 3>>() ==
        "layer 1, zero_padding2d: needs 1 amount, or 2 of them, each a number or sides<before, "
        "after>, got 3");
  CHECK(said_by<tg::zero_padding2d<1, tg::same>>() ==
        "layer 1, zero_padding2d: each amount is a number or sides<before, after>, not negative; "
        "amount 2 is not");
  CHECK(said_by<tg::zero_padding2d<tg::sides<1, -1>>>() ==
        "layer 1, zero_padding2d: each amount is a number or sides<before, after>, not negative; "
        "amount 1 is not");
  CHECK(said_by<tg::cropping2d<14>>() ==
        "layer 1, cropping2d: cannot take 14 and 14 away from the 28 of axis 0 of 28x28x4; "
        "something must be left");
  CHECK(said_by<tg::up_sampling2d<tg::size<2, 0>>>() ==
        "layer 1, up_sampling2d: size must be positive, got 2x0");
  CHECK(error_of<sequential<input<4, 4>, tg::up_sampling1d<2, tg::bilinear>>>() ==
        "layer 1, up_sampling1d: option 2 (interpolation) is not one that up_sampling1d takes");
}

}  // namespace

// SPDX-License-Identifier: BSL-1.0
#include "nn/convolution_cases.hpp"

namespace {

namespace tg = typegrad;
using cases::against_differences;
using cases::against_keras;
using oracle::values;

TEST_CASE("transposed convolutions are Keras's, values and gradients", "[conv]") {
  against_keras<tg::conv1d_transpose<2, 3>>("conv1d_transpose");
  against_keras<tg::conv1d_transpose<2, 3, tg::strides<2>, tg::same>>(
      "conv1d_transpose_strides_2_same");
  against_keras<tg::conv1d_transpose<2, 2, tg::strides<3>>>("conv1d_transpose_strides_3_size_2");
  against_keras<tg::conv2d_transpose<2, 3>>("conv2d_transpose");
  against_keras<tg::conv2d_transpose<2, tg::size<3, 2>, tg::same>>("conv2d_transpose_same");
  against_keras<tg::conv2d_transpose<2, 3, tg::strides<2>>>("conv2d_transpose_strides_2");
  against_keras<tg::conv2d_transpose<2, 4, tg::strides<2>, tg::same, tg::tanh>>(
      "conv2d_transpose_strides_2_same");
  against_keras<tg::conv2d_transpose<2, 2, tg::strides<3>, tg::same, tg::no_bias>>(
      "conv2d_transpose_strides_3_size_2_same");
  against_keras<tg::conv2d_transpose<2, 3, tg::strides<2>, tg::output_padding<1>>>(
      "conv2d_transpose_strides_2_output_padding_1");
  against_keras<tg::conv2d_transpose<2, 3, tg::strides<2>, tg::same, tg::output_padding<1, 0>>>(
      "conv2d_transpose_strides_2_same_output_padding_1_0");
  against_keras<tg::conv2d_transpose<2, 5, tg::strides<3>, tg::same, tg::output_padding<2>>>(
      "conv2d_transpose_strides_3_size_5_same_output_padding_2");
  against_keras<tg::conv3d_transpose<2, 3, tg::strides<2>, tg::same>>(
      "conv3d_transpose_strides_2_same");
  against_keras<tg::conv3d_transpose<2, 2, tg::strides<1, 2, 2>>>("conv3d_transpose_strides_1_2_2");
  against_keras<tg::conv1d_transpose<2, 3, tg::dilation_rate<2>>>("conv1d_transpose_dilation_2");
  against_keras<tg::conv2d_transpose<2, 2, tg::dilation_rate<2>>>("conv2d_transpose_dilation_2");
  against_keras<tg::conv2d_transpose<2, tg::size<2, 3>, tg::dilation_rate<3, 1>, tg::same>>(
      "conv2d_transpose_dilation_3_1_same");
}

TEST_CASE("gradients of transposed convolutions are limits of differences", "[conv]") {
  against_differences<tg::conv1d_transpose<2, 3, tg::dilation_rate<2>>>({4, 3});
  against_differences<tg::conv2d_transpose<2, tg::size<2, 3>, tg::strides<3, 2>, tg::same>>(
      {2, 3, 2});
  against_differences<tg::conv2d_transpose<2, 3, tg::dilation_rate<2>, tg::same>>({4, 5, 2});
  against_differences<tg::conv3d_transpose<1, 2, tg::strides<2>, tg::output_padding<0, 1, 0>>>(
      {2, 1, 2, 2});
}

template <tg::padding_mode Padding, std::int64_t N, std::int64_t Size, std::int64_t Stride>
void transposes() {
  // over the extents that a transposed convolution gives, the convolution gives the ones that it
  // was given, and the two are each other's transpose: (conv(x), y) == (x, conv_transpose(y))
  using back =
      tg::sequential<tg::input<N, 2>,
                     tg::conv1d_transpose<3, Size, tg::strides<Stride>, Padding, tg::no_bias>>;
  constexpr tg::extents wide = tg::traced<back>::facts.output;
  using forth = tg::sequential<tg::input<wide[0], 3>,
                               tg::conv1d<2, Size, tg::strides<Stride>, Padding, tg::no_bias>>;
  STATIC_CHECK(std::same_as<tg::output_shape<forth>, tg::shape<N, 2>>);
  values const x = cases::numbers(wide.count(), 1);
  values const y = cases::numbers(2 * N, 2);
  values const kernel = cases::numbers(Size * 3 * 2, 3);
  values const left = oracle::run(tg::trace<forth>(), 1, {x}, {kernel})[0];
  values const right = oracle::run(tg::trace<back>(), 1, {y}, {kernel})[0];
  double difference = 0;
  for (std::size_t i = 0; i < y.size(); ++i) difference += left[i] * y[i];
  for (std::size_t i = 0; i < x.size(); ++i) difference -= x[i] * right[i];
  CHECK(std::abs(difference) < 1e-5);
}

TEST_CASE("a transposed convolution is the transpose of the convolution", "[conv]") {
  transposes<tg::valid, 4, 3, 1>();
  transposes<tg::valid, 4, 3, 2>();
  transposes<tg::valid, 3, 2, 4>();
  transposes<tg::same, 4, 3, 1>();
  transposes<tg::same, 4, 4, 2>();
  transposes<tg::same, 3, 2, 3>();
  transposes<tg::same, 2, 7, 3>();
}

}  // namespace

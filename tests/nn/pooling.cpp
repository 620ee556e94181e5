// SPDX-License-Identifier: BSL-1.0
#include "nn/convolution_cases.hpp"

namespace {

namespace tg = typegrad;
using cases::against_differences;
using cases::against_keras;
using oracle::values;

TEST_CASE("pooling is Keras's, values and gradients", "[pooling]") {
  against_keras<tg::max_pooling1d<>>("max_pooling1d");
  against_keras<tg::max_pooling1d<3, tg::strides<2>, tg::same>>("max_pooling1d_3_strides_2_same");
  against_keras<tg::max_pooling2d<>>("max_pooling2d");
  against_keras<tg::max_pooling2d<3, tg::same, tg::strides<2>>>("max_pooling2d_3_strides_2_same");
  against_keras<tg::max_pooling2d<tg::size<2, 3>, tg::strides<1>>>("max_pooling2d_2_3_strides_1");
  against_keras<tg::max_pooling3d<tg::strides<1, 2, 1>, tg::same>>(
      "max_pooling3d_strides_1_2_1_same");
  against_keras<tg::average_pooling1d<3, tg::strides<2>, tg::same>>(
      "average_pooling1d_3_strides_2_same");
  against_keras<tg::average_pooling2d<2>>("average_pooling2d_2");
  against_keras<tg::average_pooling2d<3, tg::strides<1>, tg::same>>(
      "average_pooling2d_3_strides_1_same");
  against_keras<tg::average_pooling2d<tg::size<4, 2>, tg::strides<3>, tg::same>>(
      "average_pooling2d_4_2_strides_3_same");
  against_keras<tg::average_pooling3d<2, tg::same>>("average_pooling3d_2_same");
  against_keras<tg::global_max_pooling1d<>>("global_max_pooling1d");
  against_keras<tg::global_max_pooling2d<tg::keepdims>>("global_max_pooling2d_keepdims");
  against_keras<tg::global_max_pooling3d<>>("global_max_pooling3d");
  against_keras<tg::global_average_pooling1d<tg::keepdims>>("global_average_pooling1d_keepdims");
  against_keras<tg::global_average_pooling2d<>>("global_average_pooling2d");
  against_keras<tg::global_average_pooling3d<>>("global_average_pooling3d");
}

TEST_CASE("gradients of pooling are limits of differences", "[pooling]") {
  against_differences<tg::max_pooling1d<3, tg::strides<1>>>({6, 2});
  against_differences<tg::max_pooling2d<3, tg::strides<2>, tg::same>>({5, 6, 2});
  against_differences<tg::max_pooling3d<tg::size<1, 2, 2>>>({2, 4, 3, 2});
  against_differences<tg::average_pooling1d<2, tg::strides<3>>>({7, 2});
  against_differences<tg::average_pooling2d<tg::size<2, 3>, tg::strides<1, 2>, tg::same>>(
      {4, 5, 2});
  against_differences<tg::average_pooling3d<2, tg::same>>({3, 2, 3, 1});
  against_differences<tg::global_max_pooling2d<>>({3, 4, 2});
  against_differences<tg::global_average_pooling2d<tg::keepdims>>({3, 4, 2});
}

/// What a layer makes of one sample.
template <class Layer, std::int64_t... In>
values of(values const& x) {
  return oracle::run(tg::trace<tg::sequential<tg::input<In...>, Layer>>(), 1, {x})[0];
}

TEST_CASE("padding never is the maximum and does not count in a mean", "[pooling]") {
  values const x{-5, -3, -4};
  CHECK(of<tg::max_pooling1d<3, tg::strides<1>, tg::same>, 3, 1>(x) == values{-3, -3, -3});
  CHECK(of<tg::average_pooling1d<3, tg::strides<1>, tg::same>, 3, 1>(x) == values{-4, -4, -3.5});
  CHECK(of<tg::max_pooling1d<8, tg::same>, 3, 1>(x) == values{-3});
  CHECK(of<tg::average_pooling1d<8, tg::same>, 3, 1>(x) == values{-4});
}

TEST_CASE("the gradient of a maximum goes to the first of equal elements", "[pooling]") {
  auto const c = cases::trace<tg::max_pooling1d<3, tg::strides<1>>>({4, 1});
  CHECK(oracle::run(c.g, 1, {{2, 7, 7, 1}, {1, 10}})[2] == values{0, 11, 0, 0});
}

TEST_CASE("pools of integers", "[pooling]") {
  using tg::dtype, tg::input, tg::sequential;
  auto const mean = tg::trace<
      sequential<input<2, 1, dtype::int32>, tg::average_pooling1d<3, tg::same, tg::strides<1>>>>();
  CHECK(mean[mean.outputs[0]].type == dtype::float32);
  CHECK(oracle::run(mean, 1, {{1, 2}})[0] == values{1.5, 1.5});
  auto const most =
      tg::trace<sequential<input<3, 1, dtype::int32>, tg::max_pooling1d<>, tg::up_sampling1d<>>>();
  CHECK(most[most.outputs[0]].type == dtype::int32);
  CHECK(oracle::run(most, 1, {{1, 2, 3}})[0] == values{2, 2});
  auto const all =
      tg::trace<sequential<input<2, 1, dtype::int32>, tg::global_average_pooling1d<>>>();
  CHECK(oracle::run(all, 1, {{1, 2}})[0] == values{1.5});
}

}  // namespace

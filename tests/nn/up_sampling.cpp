// SPDX-License-Identifier: BSL-1.0
#include "nn/convolution_cases.hpp"

namespace {

namespace tg = typegrad;
using cases::against_differences;
using cases::against_keras;
using oracle::values;

TEST_CASE("up-sampling is Keras's, values and gradients", "[up_sampling]") {
  against_keras<tg::up_sampling1d<3>>("up_sampling1d_3");
  against_keras<tg::up_sampling2d<>>("up_sampling2d");
  against_keras<tg::up_sampling2d<tg::size<2, 3>>>("up_sampling2d_2_3");
  against_keras<tg::up_sampling2d<tg::bilinear>>("up_sampling2d_bilinear");
  against_keras<tg::up_sampling2d<tg::size<3, 1>, tg::bilinear>>("up_sampling2d_3_1_bilinear");
  against_keras<tg::up_sampling2d<tg::bilinear, tg::size<4, 5>>>("up_sampling2d_4_5_bilinear");
  against_keras<tg::up_sampling3d<tg::size<1, 2, 3>>>("up_sampling3d_1_2_3");
}

TEST_CASE("gradients of up-sampling are limits of differences", "[up_sampling]") {
  against_differences<tg::up_sampling1d<2>>({3, 2});
  against_differences<tg::up_sampling2d<3, tg::nearest>>({2, 3, 2});
  against_differences<tg::up_sampling2d<tg::size<2, 5>, tg::bilinear>>({3, 2, 2});
}

TEST_CASE("bilinear up-sampling keeps a plane, but for the ends", "[up_sampling]") {
  using up = tg::sequential<tg::input<4, 5, 1>, tg::up_sampling2d<tg::size<3, 2>, tg::bilinear>>;
  values x;
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 5; ++column) x.push_back(10 * row + column);
  values const y = oracle::run(tg::trace<up>(), 1, {x})[0];
  REQUIRE(y.size() == 120);
  for (int row = 0; row < 12; ++row)
    for (int column = 0; column < 10; ++column) {
      double const from_row = std::clamp((row + 0.5) / 3 - 0.5, 0.0, 3.0);
      double const from_column = std::clamp((column + 0.5) / 2 - 0.5, 0.0, 4.0);
      CHECK(std::abs(y[static_cast<std::size_t>(10 * row + column)] -
                     (10 * from_row + from_column)) < 5e-5);
    }
}

}  // namespace

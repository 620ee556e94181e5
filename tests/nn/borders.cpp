// SPDX-License-Identifier: BSL-1.0
#include "nn/convolution_cases.hpp"

namespace {

namespace tg = typegrad;
using cases::against_keras;
using oracle::values;

TEST_CASE("zero padding and cropping are Keras's, values and gradients", "[borders]") {
  against_keras<tg::zero_padding1d<>>("zero_padding1d");
  against_keras<tg::zero_padding2d<1, 2>>("zero_padding2d_1_2");
  against_keras<tg::zero_padding2d<tg::sides<1, 0>, tg::sides<0, 3>>>("zero_padding2d_1_0_0_3");
  against_keras<tg::zero_padding3d<1, 2, 0>>("zero_padding3d_1_2_0");
  against_keras<tg::cropping1d<tg::sides<1, 2>>>("cropping1d_1_2");
  against_keras<tg::cropping2d<1>>("cropping2d_1");
  against_keras<tg::cropping2d<tg::sides<1, 0>, tg::sides<0, 2>>>("cropping2d_1_0_0_2");
  against_keras<tg::cropping3d<>>("cropping3d");
}

TEST_CASE("cropping takes away what zero padding adds", "[borders]") {
  using both = tg::sequential<tg::input<2, 3, 2>, tg::zero_padding2d<tg::sides<1, 2>, 3>,
                              tg::cropping2d<tg::sides<1, 2>, 3>>;
  values const x = cases::numbers(12, 1);
  CHECK(oracle::run(tg::trace<both>(), 1, {x})[0] == x);
  STATIC_CHECK(std::same_as<tg::output_shape<both>, tg::shape<2, 3, 2>>);
  using tg::cropping2d, tg::cropping3d, tg::input, tg::sequential;
  STATIC_CHECK(
      std::same_as<tg::output_shape<sequential<input<2, 3, 2>, cropping2d<>>>, tg::shape<2, 3, 2>>);
  STATIC_CHECK(std::same_as<tg::output_shape<sequential<input<3, 3, 5, 2>, cropping3d<>>>,
                            tg::shape<1, 1, 3, 2>>);
}

}  // namespace

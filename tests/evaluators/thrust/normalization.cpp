// SPDX-License-Identifier: BSL-1.0
#include "evaluators/thrust/check_layers.hpp"

// Normalization and noise, with all their gradients and updates.

namespace {

namespace tg = typegrad;
using image = tg::shape<4, 3, 20>;

template <bool Training, class Shape, class Layer>
void check() {
  support::check_layers<recipes::between<Training, Shape, Layer>>(0.25, 1.5);
}

}  // namespace

TEST_CASE("thrust: batch normalization", "[thrust]") {
  check<true, image, tg::batch_normalization<>>();
  check<false, image, tg::batch_normalization<>>();
  check<true, tg::shape<35>, tg::batch_normalization<tg::no_center>>();
  check<true, tg::shape<4, 3, 7>, tg::batch_normalization<tg::axis(0), tg::no_scale>>();
}

TEST_CASE("thrust: normalization within a sample", "[thrust]") {
  check<false, image, tg::group_normalization<4>>();
  check<false, image, tg::layer_normalization<>>();
  check<false, tg::shape<3, 5, 7>, tg::layer_normalization<tg::axis(1, 2)>>();
  check<false, tg::shape<3, 5, 7>, tg::layer_normalization<tg::axis(0)>>();
  check<false, tg::shape<130>, tg::rms_normalization<>>();
}

TEST_CASE("thrust: dropout and noise", "[thrust]") {
  check<true, image, tg::spatial_dropout2d<0.5F>>();
  check<true, tg::shape<37>, tg::gaussian_noise<0.5F>>();
  check<true, tg::shape<5, 7>, tg::dropout<0.25F>>();
}

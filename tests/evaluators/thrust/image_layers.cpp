// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/image_layers.hpp"
#include "evaluators/thrust/check_layers.hpp"

// Convolutional layers, with all their gradients.

using namespace recipes;
using support::check_layers;

TEST_CASE("thrust: convolutional layers", "[thrust]") {
  check_layers<plane_convolutions>();
  check_layers<line_convolutions>();
  check_layers<volume_convolutions>();
}

TEST_CASE("thrust: layers with few filters and channels", "[thrust]") {
  check_layers<few_channels>();
  check_layers<many_channels>();
}

TEST_CASE("thrust: depthwise and separable convolutions", "[thrust]") {
  check_layers<depthwise_convolutions>();
}

TEST_CASE("thrust: transposed convolutions", "[thrust]") {
  check_layers<transposed_convolutions>();
}

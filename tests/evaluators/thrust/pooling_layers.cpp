// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/image_layers.hpp"
#include "evaluators/thrust/check_layers.hpp"

// Layers that pool, pad, crop and repeat, with their gradients.

using namespace recipes;
using support::check_layers;

TEST_CASE("thrust: pooling layers", "[thrust]") {
  check_layers<pools>();
  check_layers<global_pools>();
}

TEST_CASE("thrust: padding, cropping and up-sampling", "[thrust]") {
  check_layers<borders>();
  check_layers<up_samplings>();
}

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "evaluators/recipes/layers.hpp"

// Small networks that are trained.

namespace recipes {

using image_network =
    tg::sequential<tg::input<10, 9, 3>, tg::conv2d<8, 3, tg::same, tg::no_bias>,
                   tg::batch_normalization<>, tg::activation<tg::relu>, tg::max_pooling2d<2>,
                   tg::conv2d<6, 3, tg::strides<2>, tg::relu>, tg::flatten, tg::dropout<0.25F>,
                   tg::dense<12, tg::tanh>, tg::dense<5>>;

}  // namespace recipes

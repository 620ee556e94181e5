// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "evaluators/recipes/layers.hpp"

// Layers for images and sequences, by kinds.

namespace recipes {

using layer_image = tg::shape<7, 6, 4>;

using plane_convolutions =
    side_by_side<layer_image, tg::conv2d<6, 3, tg::same, tg::strides<2>, tg::relu>,
                 tg::conv2d<8, tg::size<2, 3>, tg::dilation_rate<2, 1>, tg::groups<2>, tg::no_bias>,
                 tg::conv2d<5, 1, tg::tanh>>;
using line_convolutions =
    side_by_side<tg::shape<9, 3>, tg::conv1d<4, 3, tg::causal, tg::dilation_rate<2>>,
                 tg::conv1d<4, 2, tg::strides<3>>>;
using volume_convolutions = side_by_side<tg::shape<3, 4, 5, 2>, tg::conv3d<3, 2, tg::same>>;

using few_channels =
    side_by_side<tg::shape<9, 30, 1>, tg::conv2d<6, 5, tg::same, tg::relu>,
                 tg::conv2d<3, 3, tg::same, tg::tanh>, tg::conv2d<1, 3, tg::same, tg::no_bias>>;
using many_channels =
    side_by_side<tg::shape<8, 14, 6>, tg::conv2d<16, 5, tg::relu>, tg::max_pooling2d<2>,
                 tg::max_pooling2d<2, tg::same, tg::strides<1>>, tg::average_pooling2d<2>>;

using depthwise_convolutions =
    side_by_side<layer_image, tg::depthwise_conv2d<3, tg::same, tg::relu>,
                 tg::depthwise_conv2d<2, tg::depth_multiplier<2>, tg::strides<2>>,
                 tg::separable_conv2d<5, 3, tg::depth_multiplier<2>>>;
using transposed_convolutions =
    side_by_side<layer_image, tg::conv2d_transpose<3, 3, tg::strides<2>, tg::same, tg::relu>,
                 tg::conv2d_transpose<2, 2, tg::strides<3>>,
                 tg::conv2d_transpose<2, 3, tg::strides<2>, tg::output_padding<1>>>;

using pools =
    side_by_side<layer_image, tg::max_pooling2d<>, tg::max_pooling2d<3, tg::strides<2>, tg::same>,
                 tg::average_pooling2d<2>, tg::average_pooling2d<3, tg::strides<2, 1>, tg::same>>;
using global_pools =
    side_by_side<layer_image, tg::global_max_pooling2d<>, tg::global_average_pooling2d<>,
                 tg::global_average_pooling2d<tg::keepdims>>;

using borders = side_by_side<layer_image, tg::zero_padding2d<tg::sides<1, 0>, 2>,
                             tg::cropping2d<1, tg::sides<0, 3>>>;
using up_samplings =
    side_by_side<layer_image, tg::up_sampling2d<tg::size<2, 3>>, tg::up_sampling2d<tg::bilinear>,
                 tg::up_sampling2d<3, tg::bilinear>>;

}  // namespace recipes

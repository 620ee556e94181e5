// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: strides and dilation_rate cannot both be more than 1, got 2x2 and 1x3
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net =
    tg::sequential<tg::input<28, 28, 1>, tg::conv2d<8, 3, tg::strides<2>, tg::dilation_rate<1, 3>>>;
static_assert(tg::parameter_count<net> == 0);

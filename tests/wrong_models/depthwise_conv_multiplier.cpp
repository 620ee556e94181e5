// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, depthwise_conv2d: depth_multiplier must be positive, got 0
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::depthwise_conv2d<3, tg::depth_multiplier<0>>>;
static_assert(tg::parameter_count<net> == 0);

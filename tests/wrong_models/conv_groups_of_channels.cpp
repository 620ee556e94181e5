// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: 2 groups do not divide 3 channels
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::conv2d<8, 3, tg::groups<2>>>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 2, conv2d_1: a window of 5x5 does not fit into 3x3; use same or a smaller one
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<7, 7, 1>, tg::conv2d<8, 5>, tg::conv2d<8, 5>>;
static_assert(tg::parameter_count<net> == 0);

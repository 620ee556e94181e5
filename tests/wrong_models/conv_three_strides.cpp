// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: strides needs 1 number, or 2 of them, got 3
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::conv2d<8, 3, tg::strides<1, 2, 3>>>;
static_assert(tg::parameter_count<net> == 0);

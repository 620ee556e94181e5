// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: a 31x31 window does not fit extents 28x28x1; use padding same or a smaller kernel
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<28, 28, 1>, tg::conv2d<8, 31>>;
static_assert(tg::parameter_count<net> == 0);

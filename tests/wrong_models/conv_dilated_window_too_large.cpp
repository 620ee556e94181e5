// SPDX-License-Identifier: BSL-1.0
// expect: a 3 window (9 with dilation_rate 4) does not fit extents 8x2; use padding same or a smaller kernel
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 2>, tg::conv1d<8, 3, tg::dilation_rate<4>>>;
static_assert(tg::parameter_count<net> == 0);

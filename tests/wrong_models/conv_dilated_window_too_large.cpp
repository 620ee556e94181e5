// SPDX-License-Identifier: BSL-1.0
// expect: a window of 3 (9 with dilation_rate 4) does not fit into 8; use same or a smaller one
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 2>, tg::conv1d<8, 3, tg::dilation_rate<4>>>;
static_assert(tg::parameter_count<net> == 0);

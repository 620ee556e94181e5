// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: 4 groups do not divide 6 filters
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 8>, tg::conv2d<6, 3, tg::groups<4>>>;
static_assert(tg::parameter_count<net> == 0);

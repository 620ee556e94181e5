// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, group_normalization: 10 channels cannot be divided into 4 groups of one size
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 10>, tg::group_normalization<4>>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, zero_padding2d: each amount is a number or sides<before, after>, not negative; amount 1 is not
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::zero_padding2d<-1>>;
static_assert(tg::parameter_count<net> == 0);

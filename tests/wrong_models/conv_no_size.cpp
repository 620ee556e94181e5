// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: needs a kernel size, a number or size<...>, in place of option (padding)
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::conv2d<8, tg::same>>;
static_assert(tg::parameter_count<net> == 0);

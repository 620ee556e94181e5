// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: option 2 (padding) repeats option 1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::conv2d<8, 3, tg::same, tg::valid>>;
static_assert(tg::parameter_count<net> == 0);

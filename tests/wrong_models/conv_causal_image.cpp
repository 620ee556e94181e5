// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: causal padding is for conv1d only; use same or valid
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::conv2d<8, 3, tg::causal>>;
static_assert(tg::parameter_count<net> == 0);

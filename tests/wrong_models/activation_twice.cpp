// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, dense: option 2 (activation) repeats option 1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<4, tg::relu, tg::tanh>>;
static_assert(tg::parameter_count<net> == 0);

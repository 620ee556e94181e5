// SPDX-License-Identifier: BSL-1.0
// expect: layer 0, input: needs at most 8 axes, got 9
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<1, 1, 1, 1, 1, 1, 1, 1, 8>, tg::flatten>;
static_assert(tg::parameter_count<net> == 0);

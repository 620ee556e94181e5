// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, reshape: needs at most 8 axes, got 9
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::reshape<8, 1, 1, 1, 1, 1, 1, 1, 1>>;
static_assert(tg::parameter_count<net> == 0);

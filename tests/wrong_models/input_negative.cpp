// SPDX-License-Identifier: BSL-1.0
// expect: layer 0, input: needs positive extents, got 8x-3
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, -3>, tg::flatten>;
static_assert(tg::parameter_count<net> == 0);

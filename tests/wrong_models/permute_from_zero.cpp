// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, permute: needs the axes 1 to 2 of extents 8x3, each once, got 1, 0; they count from 1, without the batch axis
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 3>, tg::permute<1, 0>>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, repeat_vector: needs a vector, got extents 8x3; put flatten before it
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 3>, tg::repeat_vector<4>>;
static_assert(tg::parameter_count<net> == 0);

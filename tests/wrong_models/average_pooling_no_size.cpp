// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, average_pooling2d: needs a pool size: average_pooling2d<2>
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::average_pooling2d<tg::same>>;
static_assert(tg::parameter_count<net> == 0);

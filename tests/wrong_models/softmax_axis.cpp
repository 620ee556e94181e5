// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, activation: max: extents 8 have no axis 3
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::activation<tg::softmax(3)>>;
static_assert(tg::parameter_count<net> == 0);

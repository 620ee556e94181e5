// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, dense: needs at least one axis, got a scalar; put reshape<1> before it
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<>, tg::dense<4>>;
static_assert(tg::parameter_count<net> == 0);

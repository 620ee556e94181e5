// SPDX-License-Identifier: BSL-1.0
// expect: layer 1: mean_squared_error is not a layer: it cannot be called with a symbol
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::mean_squared_error<>>;
static_assert(tg::parameter_count<net> == 0);

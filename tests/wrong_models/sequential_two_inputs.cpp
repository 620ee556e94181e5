// SPDX-License-Identifier: BSL-1.0
// expect: layer 2: input must be the first layer, and the only one; a model of several inputs is a network
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<4>, tg::input<4>>;
static_assert(tg::parameter_count<net> == 0);

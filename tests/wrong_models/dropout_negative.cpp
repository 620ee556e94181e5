// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, dropout: rate must be at least 0 and less than 1, got -0.5
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dropout<-0.5f>>;
static_assert(tg::parameter_count<net> == 0);

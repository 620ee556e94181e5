// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, lambda: has no call that takes 1 symbol
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::lambda<3>>;
static_assert(tg::parameter_count<net> == 0);

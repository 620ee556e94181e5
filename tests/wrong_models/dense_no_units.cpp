// SPDX-License-Identifier: BSL-1.0
// expect: dense: units must be positive, got 0
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<0>>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: sequential: needs input<...> as its first layer to be a model
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::dense<4>, tg::input<8>>;
static_assert(tg::parameter_count<net> == 0);

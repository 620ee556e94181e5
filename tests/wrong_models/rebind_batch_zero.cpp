// SPDX-License-Identifier: BSL-1.0
// expect: rebind: needs inputs or a batch of at least 1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
static_assert(tg::parameter_count<tg::rebind<net, tg::batch<0>>> == 27);

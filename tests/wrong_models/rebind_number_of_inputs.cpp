// SPDX-License-Identifier: BSL-1.0
// expect: rebind: sequential cannot read 2 inputs
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
static_assert(tg::parameter_count<tg::rebind<net, tg::input<8>, tg::input<3>>> == 27);

// SPDX-License-Identifier: BSL-1.0
// expect: inputs: needs input<...> or named<"name", ...>, argument 1 is neither
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
static_assert(tg::parameter_count<tg::rebind<net, tg::dense<3>>> == 27);

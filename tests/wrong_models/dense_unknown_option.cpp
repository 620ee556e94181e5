// SPDX-License-Identifier: BSL-1.0
// expect: dense: option 1 (padding) is not one that dense takes
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<10, tg::same>>;
static_assert(tg::parameter_count<net> == 90);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, sequential: its input has extents 9, got 8
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::sequential<tg::input<9>, tg::dense<3>>>;
static_assert(tg::parameter_count<net> == 0);

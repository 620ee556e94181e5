// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: needs height x width x channels, got extents 784; put reshape<28, 28, 1> before it
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<784>, tg::conv2d<8, 3>>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, spatial_dropout2d: needs height x width x channels, got extents 28x28
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<28, 28>, tg::spatial_dropout2d<0.5f>>;
static_assert(tg::parameter_count<net> == 0);

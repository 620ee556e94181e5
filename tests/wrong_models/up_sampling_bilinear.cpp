// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, up_sampling1d: option 2 (interpolation) is not one that up_sampling1d takes
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 3>, tg::up_sampling1d<2, tg::bilinear>>;
static_assert(tg::parameter_count<net> == 0);

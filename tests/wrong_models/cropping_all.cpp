// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, cropping2d: cannot take 3 and 5 away from the 8 of axis 1 of 8x8x3; something must be left
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::cropping2d<1, tg::sides<3, 5>>>;
static_assert(tg::parameter_count<net> == 0);

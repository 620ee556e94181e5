// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d_transpose: output_padding must be less than strides, got 2x2 and 2x2
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>,
                           tg::conv2d_transpose<8, 3, tg::strides<2>, tg::output_padding<2>>>;
static_assert(tg::parameter_count<net> == 0);

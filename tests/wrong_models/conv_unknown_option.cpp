// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: option 2 (output_padding) is not one that conv2d takes
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::conv2d<8, 3, tg::relu, tg::output_padding<1>>>;
static_assert(tg::parameter_count<net> == 0);

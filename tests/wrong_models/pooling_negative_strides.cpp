// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, max_pooling2d: strides must be positive, got -1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 8, 3>, tg::max_pooling2d<2, tg::strides<-1>>>;
static_assert(tg::parameter_count<net> == 0);

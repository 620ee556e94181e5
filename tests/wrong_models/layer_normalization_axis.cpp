// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, layer_normalization: extents 8x10 have no axis 2; axes are those of one sample, from 0, or from -1 at the end
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 10>, tg::layer_normalization<tg::axis(2)>>;
static_assert(tg::parameter_count<net> == 0);

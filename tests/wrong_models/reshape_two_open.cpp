// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, reshape: needs positive extents, of which one may be -1, got -1x-1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::reshape<-1, -1>>;
static_assert(tg::parameter_count<net> == 0);

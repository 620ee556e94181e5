// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, batch_normalization: option 2 (padding) is not one that batch_normalization takes
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::batch_normalization<tg::no_scale, tg::same>>;
static_assert(tg::parameter_count<net> == 0);

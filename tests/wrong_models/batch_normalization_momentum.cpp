// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, batch_normalization: momentum must be from 0 to 1, got 1.5
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::batch_normalization<tg::momentum(1.5f)>>;
static_assert(tg::parameter_count<net> == 0);

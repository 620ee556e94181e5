// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, layer_normalization: epsilon must not be negative, got -1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::layer_normalization<tg::epsilon(-1.0f)>>;
static_assert(tg::parameter_count<net> == 0);

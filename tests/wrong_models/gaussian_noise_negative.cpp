// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, gaussian_noise: stddev must not be negative, got -1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::gaussian_noise<-1.0f>>;
static_assert(tg::parameter_count<net> == 0);

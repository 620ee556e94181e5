// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, repeat_vector: must repeat once or more, got 0
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::repeat_vector<0>>;
static_assert(tg::parameter_count<net> == 0);

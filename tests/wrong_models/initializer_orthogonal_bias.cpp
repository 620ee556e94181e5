// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, dense: weight dense/bias: an orthogonal matrix needs two axes or more, got extents 4
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<4, tg::bias_initializer(tg::orthogonal{})>>;
static_assert(tg::parameter_count<net> == 0);

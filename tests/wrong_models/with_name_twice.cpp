// SPDX-License-Identifier: BSL-1.0
// expect: layer 2: with_name: two layers in one place are called "head"
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::with_name<"head", tg::dense<3>>,
                           tg::with_name<"head", tg::dense<3>>>;
static_assert(tg::parameter_count<net> == 0);

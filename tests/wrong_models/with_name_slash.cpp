// SPDX-License-Identifier: BSL-1.0
// expect: layer 1: with_name: a name has no "/", got "head/dense"
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::with_name<"head/dense", tg::dense<3>>>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: functional: has no call that takes 2 symbols; write a public one
#include <typegrad/nn.hpp>

namespace tg = typegrad;

constexpr auto twice = [](tg::symbol x) { return 2 * x; };
using net = tg::functional<tg::inputs<tg::input<3>, tg::input<3>>, twice>;
static_assert(tg::parameter_count<net> == 0);

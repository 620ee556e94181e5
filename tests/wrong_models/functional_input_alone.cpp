// SPDX-License-Identifier: BSL-1.0
// expect: functional: needs inputs<...> as its first argument, got input
#include <typegrad/nn.hpp>

namespace tg = typegrad;

constexpr auto twice = [](tg::symbol x) { return 2 * x; };
static_assert(tg::parameter_count<tg::functional<tg::input<3>, twice>> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: call must return a symbol; the one that it returned is empty
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  constexpr tg::symbol call(tg::symbol) { return {}; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

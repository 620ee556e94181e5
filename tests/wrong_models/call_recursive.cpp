// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: calls layers within layers, 40 deep; a layer must not call itself without end
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  constexpr tg::symbol call(tg::symbol x) { return mine{}(x); }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

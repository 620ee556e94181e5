// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: call must return a symbol
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  constexpr float call(tg::symbol) { return 1; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

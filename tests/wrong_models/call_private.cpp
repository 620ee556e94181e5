// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: has no call that takes 1 symbol; write a public `constexpr symbol call(symbol)`
#include <typegrad/nn.hpp>

namespace tg = typegrad;

class mine : public tg::layer<mine> {
  constexpr tg::symbol call(tg::symbol x) { return x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

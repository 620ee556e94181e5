// SPDX-License-Identifier: BSL-1.0
// expect: layer 1: mine has the base of another layer; write `struct mine : layer<mine>`
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<tg::flatten> {
  constexpr tg::symbol call(tg::symbol x) { return 2 * x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

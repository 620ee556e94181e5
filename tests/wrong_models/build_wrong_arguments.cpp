// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: has a build that cannot be called; write a public `constexpr void build(weights& add, extents input)`
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  tg::symbol scale;
  constexpr void build(tg::extents) {}
  constexpr tg::symbol call(tg::symbol x) { return scale * x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

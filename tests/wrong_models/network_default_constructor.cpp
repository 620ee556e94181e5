// SPDX-License-Identifier: BSL-1.0
// expect: net needs a default constructor: what it is made from are template arguments
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::input<3>>;
  constexpr net(int) {}
  constexpr auto call(tg::symbol x) { return 2 * x; }
};
static_assert(tg::parameter_count<net> == 0);

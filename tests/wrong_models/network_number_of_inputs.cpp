// SPDX-License-Identifier: BSL-1.0
// expect: net: has no call that takes 3 symbols
#include <typegrad/nn.hpp>

namespace tg = typegrad;
using namespace tg::literals;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::input<3>, tg::input<3>, tg::input<3>>;
  tg::dense<1> a;
  constexpr auto call(tg::symbol x, tg::symbol y) { return a(x + y); }
};
static_assert(tg::parameter_count<net> == 4);

// SPDX-License-Identifier: BSL-1.0
// expect: net, tower: has no call that takes 2 symbols
#include <typegrad/nn.hpp>

namespace tg = typegrad;
using namespace tg::literals;

struct tower : tg::network<tower> {
  tg::dense<1> a;
  constexpr auto call(tg::symbol x) { return a(x); }
};
struct net : tg::network<net> {
  using inputs = tg::inputs<tg::input<3>, tg::input<3>>;
  tower t;
  constexpr auto call(tg::symbol x, tg::symbol y) { return t(x, y); }
};
static_assert(tg::parameter_count<net> == 4);

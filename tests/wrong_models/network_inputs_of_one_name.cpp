// SPDX-License-Identifier: BSL-1.0
// expect: inputs: two are called "left"; each needs a name of its own
#include <typegrad/nn.hpp>

namespace tg = typegrad;
using namespace tg::literals;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::named<"left", 3>, tg::named<"left", 3>>;
  tg::dense<1> a;
  constexpr auto call(tg::symbol x, tg::symbol y) { return a(x + y); }
};
static_assert(tg::parameter_count<net> == 4);

// SPDX-License-Identifier: BSL-1.0
// expect: net: needs `using inputs = typegrad::inputs<input<...>>`, which says what it reads, to be a model
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct net : tg::network<net> {
  using inputs = tg::input<3>;
  tg::dense<1> a;
  constexpr auto call(tg::symbol x) { return a(x); }
};
static_assert(tg::parameter_count<net> == 4);

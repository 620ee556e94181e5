// SPDX-License-Identifier: BSL-1.0
// expect: output: a name has 1 to 100 characters
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::input<3>>;
  tg::dense<1> a;
  constexpr auto call(tg::symbol x) { return tg::output<"">(a(x)); }
};
static_assert(tg::parameter_count<net> == 4);

// SPDX-License-Identifier: BSL-1.0
// expect: inputs: needs input<...> or named<"name", ...>, argument 1 is neither
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::dense<3>>;
  tg::dense<1> a;
  constexpr auto call(tg::symbol x) { return a(x); }
};
static_assert(tg::parameter_count<net> == 4);

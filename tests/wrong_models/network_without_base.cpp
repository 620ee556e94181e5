// SPDX-License-Identifier: BSL-1.0
// expect: not a model: it has no trace; sequential<input<...>, ...> is one
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct net {
  using inputs = tg::inputs<tg::input<3>>;
  tg::dense<1> a;
  constexpr auto call(tg::symbol x) { return a(x); }
};
static_assert(tg::parameter_count<net> == 4);

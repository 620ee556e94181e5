// SPDX-License-Identifier: BSL-1.0
// expect: outputs: two are called "main"; each needs a name of its own
#include <typegrad/nn.hpp>

namespace tg = typegrad;
using namespace tg::literals;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::input<3>>;
  tg::dense<1> a, b;
  constexpr auto call(tg::symbol x) {
    return tg::outputs(tg::output<"main">(a(x)), tg::output<"main">(b(x)));
  }
};
static_assert(tg::parameter_count<net> == 8);

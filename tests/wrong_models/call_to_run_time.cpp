// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, scaled: build and call, and what they use, must be constexpr and know nothing of run time
#include <typegrad/nn.hpp>

namespace tg = typegrad;

template <int Times>
struct scaled : tg::layer<scaled<Times>> {
  constexpr tg::symbol call(tg::symbol x) { return times() * x; }
  static double times() { return Times; }
};
using net = tg::sequential<tg::input<8>, scaled<3>>;
static_assert(tg::parameter_count<net> == 0);

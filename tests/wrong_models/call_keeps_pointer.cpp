// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: build and call, and what they use, must be constexpr and know nothing of run time
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  float* scale = new float(2);  // nobody gives it back, so it is one of run time
  constexpr tg::symbol call(tg::symbol x) { return *scale * x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

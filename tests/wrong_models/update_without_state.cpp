// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, counter: update: the first argument must be what build made with add.state
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct counter : tg::layer<counter> {
  tg::symbol steps;
  constexpr void build(tg::weights& add) { steps = add("steps", {}, tg::zeros{}); }
  constexpr tg::symbol call(tg::symbol x) {
    update(steps, steps + 1);
    return x;
  }
};

using net = tg::sequential<tg::input<8>, counter>;
static_assert(tg::parameter_count<net> == 1);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: build makes two weights of the path mine/scale
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  tg::symbol scale, shift;
  constexpr void build(tg::weights& add) {
    scale = add("scale", {8}, tg::ones{});
    shift = add("scale", {8}, tg::zeros{});
  }
  constexpr tg::symbol call(tg::symbol x) { return scale * x + shift; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

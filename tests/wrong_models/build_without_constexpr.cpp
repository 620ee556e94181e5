// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: build and call, and what they use, must be constexpr and know nothing of run time
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  tg::symbol scale;
  void build(tg::weights& add) { scale = add("scale", {8}, tg::ones{}); }
  constexpr tg::symbol call(tg::symbol x) { return scale * x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: weight scale needs positive extents, got -3
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  tg::symbol scale;
  constexpr void build(tg::weights& add) { scale = add("scale", {-3}, tg::ones{}); }
  constexpr tg::symbol call(tg::symbol x) { return scale * x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1: mine needs a default constructor: what it is made from are template arguments
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  float scale;
  constexpr mine(float s) : scale{s} {}
  constexpr tg::symbol call(tg::symbol x) { return scale * x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

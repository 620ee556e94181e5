// SPDX-License-Identifier: BSL-1.0
// expect: incomplete type 'mine'
// lines: 16
#include <typegrad/nn.hpp>

namespace tg = typegrad;

// The compiler's own words: no class can have itself as a member.
struct mine : tg::layer<mine> {
  mine inner;
  constexpr tg::symbol call(tg::symbol x) { return inner(x); }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

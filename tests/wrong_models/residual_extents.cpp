// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, residual: add: extents 8 and 9 do not broadcast
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct residual : tg::layer<residual> {
  constexpr tg::symbol call(tg::symbol x) { return x + tg::dense<9>{}(x); }
};

using net = tg::sequential<tg::input<8>, residual>;
static_assert(tg::parameter_count<net> == 81);

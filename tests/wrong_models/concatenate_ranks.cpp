// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, mine: concatenate: extents 8 and 4x2 do not fit along axis 0
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  constexpr tg::symbol call(tg::symbol x) { return concatenate(x, reshape(x, {4, 2})); }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

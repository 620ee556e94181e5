// SPDX-License-Identifier: BSL-1.0
// expect: if they do, the compiler needs -fconstexpr-
// limit: 1000000
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct mine : tg::layer<mine> {
  constexpr tg::symbol call(tg::symbol x) {
    for (int i = 0; i < 100'000; ++i) x = x * x + i;
    return x;
  }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

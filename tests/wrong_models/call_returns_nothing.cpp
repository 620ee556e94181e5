// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, my_layer: call must return a symbol
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct my_layer : tg::layer<my_layer> {
  constexpr void call(tg::symbol) {}
};

using net = tg::sequential<tg::input<8>, my_layer>;
static_assert(tg::parameter_count<net> == 0);

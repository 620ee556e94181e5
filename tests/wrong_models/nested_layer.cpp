// SPDX-License-Identifier: BSL-1.0
// expect: layer 2, sequential/block/dense_1: option 2 (activation) repeats option 1
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct block : tg::layer<block> {
  tg::dense<4> first;
  tg::dense<4, tg::relu, tg::tanh> second;
  constexpr tg::symbol call(tg::symbol x) { return second(first(x)); }
};

using net = tg::sequential<tg::input<8>, tg::flatten, tg::sequential<tg::dense<3>, block>>;
static_assert(tg::trainable_parameter_count<net> == 63);

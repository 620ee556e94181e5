// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, einsum_dense: the result of abc,cd->abd has 2 named axes besides the batch axis, but output_extents has 1; -1 stands for one of the input
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8, 3>, tg::einsum_dense<"abc,cd->abd", 64>>;
static_assert(tg::parameter_count<net> == 192);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, embedding: output_dim must be positive, got -4
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::embedding<10, -4>>;
static_assert(tg::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, picking: gather: indices must be integers, got float32; cast them
#include <typegrad/nn.hpp>

struct picking : typegrad::layer<picking> {
  constexpr typegrad::symbol call(typegrad::symbol x) const { return gather(x, x); }
};

using net = typegrad::sequential<typegrad::input<4>, picking>;
static_assert(typegrad::parameter_count<net> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, similarity: dot: extents 8 have no axis 1; axes are those of one sample, from 0, or from -1 at the end
#include <typegrad/nn.hpp>

namespace tg = typegrad;

struct similarity : tg::layer<similarity> {
  tg::dense<8> shared;
  constexpr tg::symbol call(tg::symbol x) {
    auto const parts = split(x, 2);
    return dot(tg::axis(1), shared(parts[0]), shared(parts[1]));
  }
};

using net = tg::sequential<tg::input<10>, similarity>;
static_assert(tg::parameter_count<net> == 48);

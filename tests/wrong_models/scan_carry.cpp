// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, running: scan: value 0 is float32 of 4 before a turn and float32 of scalar behind it; both must be the same
#include <typegrad/nn.hpp>

struct running : typegrad::layer<running> {
  constexpr typegrad::symbol call(typegrad::symbol x) const {
    return typegrad::scan(
               [](typegrad::symbol, typegrad::symbol part) -> typegrad::scan_step {
                 return {{sum(part)}, {part}};
               },
               sum(x, {0}), x)
        .ys[0];
  }
};

using net = typegrad::sequential<typegrad::input<3, 4>, running>;
static_assert(typegrad::parameter_count<net> == 0);

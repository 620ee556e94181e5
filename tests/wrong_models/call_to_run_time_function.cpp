// SPDX-License-Identifier: BSL-1.0
// expect: call to non-'constexpr' function 'double atof(const char*)'
// expect on clang: non-constexpr function 'atof' cannot be used in a constant expression
// lines: 19
#include <typegrad/nn.hpp>

#include <cstdlib>

namespace tg = typegrad;

// In a layer that is no template the compiler finds it by itself, before typegrad can.
struct mine : tg::layer<mine> {
  constexpr tg::symbol call(tg::symbol x) { return std::atof("2") * x; }
};
using net = tg::sequential<tg::input<8>, mine>;
static_assert(tg::parameter_count<net> == 0);

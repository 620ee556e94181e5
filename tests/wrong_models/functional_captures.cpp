// SPDX-License-Identifier: BSL-1.0
// expect: the value of 'factor' is not usable in a constant expression
// expect on clang: is not a structural type
// lines: 13
#include <typegrad/nn.hpp>

namespace tg = typegrad;

// The compiler's own words: what captures a variable is no template argument.
int main() {
  int factor = 3;
  tg::functional<tg::inputs<tg::input<3>>, [factor](tg::symbol x) { return factor * x; }> net;
}

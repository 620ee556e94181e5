// SPDX-License-Identifier: BSL-1.0
// expect: compile: needs an optimizer and a loss, and may have metrics behind them
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  auto model = tg::compile<net>(tg::adam{});
  model.initialize(1);
}

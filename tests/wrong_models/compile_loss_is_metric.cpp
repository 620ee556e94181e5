// SPDX-License-Identifier: BSL-1.0
// expect: compile: losses: accuracy, for output "output", is not a loss
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  auto model = tg::compile<net>(tg::adam{}, tg::accuracy{});
  model.initialize(1);
}

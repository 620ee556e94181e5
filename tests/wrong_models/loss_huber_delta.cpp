// SPDX-License-Identifier: BSL-1.0
// expect: compile: huber: delta must be positive, got -1
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  auto model = tg::compile<net>(tg::adam{}, tg::huber<tg::delta(-1.0f)>{});
  model.initialize(1);
}

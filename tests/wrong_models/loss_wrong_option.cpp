// SPDX-License-Identifier: BSL-1.0
// expect: compile: binary_crossentropy: label_smoothing must be in [0, 1], got 2
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<1, tg::sigmoid>>;

int main() {
  auto model = tg::compile<net>(tg::sgd{}, tg::binary_crossentropy<tg::label_smoothing(2.0f)>{});
  model.initialize(1);
}

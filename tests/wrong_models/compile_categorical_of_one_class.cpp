// SPDX-License-Identifier: BSL-1.0
// expect: compile: categorical_crossentropy needs two or more class scores, got extents 1; for two classes and one score use binary_crossentropy
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<1>>;
int main() {
  auto model = tg::compile<net>(tg::adam{}, tg::categorical_crossentropy{});
  model.initialize(1);
}

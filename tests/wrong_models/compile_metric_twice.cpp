// SPDX-License-Identifier: BSL-1.0
// expect: compile: "mean_absolute_error" is measured twice; give one of the two another name
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  auto model = tg::compile<net>(tg::adam{}, tg::mean_squared_error{}, tg::mean_absolute_error{},
                                tg::mean_absolute_error{});
  model.initialize(1);
}

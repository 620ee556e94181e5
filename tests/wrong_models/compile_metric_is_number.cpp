// SPDX-License-Identifier: BSL-1.0
// expect: compile: metrics: int is not a metric
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  auto model = tg::compile<net>(tg::adam{}, tg::mean_squared_error{}, 3);
  model.initialize(1);
}

// SPDX-License-Identifier: BSL-1.0
// expect: compile: metrics: adam is not a metric
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<3>, tg::dense<1>>;

int main() {
  auto model = tg::compile<net>(tg::sgd{}, tg::mean_squared_error{}, tg::adam{});
  return static_cast<int>(model.step());
}

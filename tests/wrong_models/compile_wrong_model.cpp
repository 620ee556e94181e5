// SPDX-License-Identifier: BSL-1.0
// expect: layer 2, dense_1: units must be positive, got -3
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<4>, tg::dense<-3>>;

int main() {
  auto model = tg::compile<net>(tg::adam{}, tg::mean_squared_error{}, tg::mean_absolute_error{});
  model.initialize(1);
  model.summary();
}

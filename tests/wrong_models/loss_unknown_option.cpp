// SPDX-License-Identifier: BSL-1.0
// expect: compile: option 1 (activation) is not one that mean_squared_error takes
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  auto model = tg::compile<net>(tg::adam{}, tg::mean_squared_error<tg::relu>{});
  model.initialize(1);
}

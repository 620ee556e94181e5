// SPDX-License-Identifier: BSL-1.0
// expect: compile: losses: there are more of them than outputs; the outputs are "output"
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  auto model =
      tg::compile<net>(tg::adam{}, tg::losses(tg::mean_squared_error{}, tg::mean_squared_error{}));
  model.initialize(1);
}

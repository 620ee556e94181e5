// SPDX-License-Identifier: BSL-1.0
// expect: value_and_gradient: the objective must capture nothing; what else it needs are constants, or inputs of the model
// clang: 13
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  tg::predictor<net> model;
  float const factor = 2;
  auto loss = tg::value_and_gradient(
      model, [&factor](tg::symbol y, tg::symbol target) { return factor * sum(y - target); });
  return static_cast<int>(loss.value() * factor);
}

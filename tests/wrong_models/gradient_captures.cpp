// SPDX-License-Identifier: BSL-1.0
// expect: gradient: the objective must capture nothing; what else it needs are constants, or inputs of the model
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  tg::predictor<net> model;
  float const factor = 2;
  xt::xtensor<float, 2> const x = xt::ones<float>({4, 8});
  return static_cast<int>(
      model.gradient([&factor](tg::symbol y) { return factor * sum(y); }, x).value() * factor);
}

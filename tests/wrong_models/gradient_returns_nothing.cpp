// SPDX-License-Identifier: BSL-1.0
// expect: gradient: the objective must be a function of the output that returns a symbol
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  tg::predictor<net> model;
  float const factor = 2;
  xt::xtensor<float, 2> const x = xt::ones<float>({4, 8});
  return static_cast<int>(model.gradient([](tg::symbol y) { sum(y); }, x).value() * factor);
}

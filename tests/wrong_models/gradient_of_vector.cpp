// SPDX-License-Identifier: BSL-1.0
// expect: gradient: the objective must be a number a sample, got extents 3; sum it
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  tg::predictor<net> model;
  float const factor = 2;
  xt::xtensor<float, 2> const x = xt::ones<float>({4, 8});
  return static_cast<int>(model.gradient([](tg::symbol y) { return y; }, x).value() * factor);
}

// SPDX-License-Identifier: BSL-1.0
// expect: samples come with their targets, in braces: fit({x, y}, {.epochs = 2}), evaluate({x, y}); or as an object with members x and y
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<3>>;
int main() {
  xt::xtensor<float, 2> const x = xt::ones<float>({8, 4});
  auto model = tg::compile<net>(tg::adam{}, tg::mean_squared_error{});
  model.evaluate(std::pair{x, x});
}

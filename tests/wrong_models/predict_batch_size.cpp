// SPDX-License-Identifier: BSL-1.0
// expect: predict: the second argument is options, predict(x, {.batch_size = 32}), or an array of floats for the results
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<3>>;
int main() {
  xt::xtensor<float, 2> const x = xt::ones<float>({8, 4});
  auto model = tg::compile<net>(tg::adam{}, tg::mean_squared_error{});
  model.predict(x, 32);
}

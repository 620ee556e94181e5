// SPDX-License-Identifier: BSL-1.0
// What somebody else's program is: it trains a little and predicts.
#include <typegrad/typegrad.hpp>

#include <cmath>
#include <cstdio>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<8, tg::relu>, tg::dense<3>>;
static_assert(tg::parameter_count<net> == 4 * 8 + 8 + 8 * 3 + 3);

int main() {
  xt::xtensor<float, 2> const x = xt::ones<float>({6, 4});
  xt::xtensor<float, 2> const y = xt::zeros<float>({6, 3});
  auto model = tg::compile<net>(tg::sgd{.learning_rate = 0.1f}, tg::mean_squared_error{});
  model.initialize(1);
  auto const before = model.evaluate({x, y}).loss;
  model.fit({x, y}, {.epochs = 5, .batch_size = 2, .verbose = false});
  auto const after = model.evaluate({x, y}).loss;
  auto const out = model.predict(x);
  std::printf("loss %g, then %g; %zu x %zu\n", before, after, out.shape(0), out.shape(1));
  return after < before && out.shape(0) == 6 && out.shape(1) == 3 ? 0 : 1;
}

// SPDX-License-Identifier: BSL-1.0
// Somebody else's program with a model on Thrust.
#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

#include <cmath>
#include <cstdio>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<3>>;

int main() {
  tg::predictor<net, tg::on<tg::thrust>> there;
  tg::predictor<net> here;
  there.initialize(1);
  here.initialize(1);
  xt::xtensor<float, 2> const x = xt::ones<float>({6, 4});
  float const a = there.predict(x)(5, 2), b = here.predict(x)(5, 2);
  std::printf("%g, and on the CPU %g\n", a, b);
  return std::abs(a - b) < 1e-5f ? 0 : 1;
}

// SPDX-License-Identifier: BSL-1.0
// expect: a layer is called with symbols, in the call of another one; for arrays put it into a model, predictor<sequential<input<8>, ...>>; one of several outputs is both["name"_n]
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

int main() {
  xt::xtensor<float, 2> const x = xt::ones<float>({8, 4});
  tg::dense<3> layer;
  auto const y = layer(x);
}

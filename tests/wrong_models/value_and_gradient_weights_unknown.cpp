// SPDX-License-Identifier: BSL-1.0
// expect: value_and_gradient: of_weights: there is nothing to train in "dens"
// clang: 13
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  tg::predictor<net> model;
  float const factor = 2;
  auto loss = tg::value_and_gradient(model, tg::mean_squared_error{}, tg::of_weights<"dens">);
  return static_cast<int>(loss.value() * factor);
}

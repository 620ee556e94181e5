// SPDX-License-Identifier: BSL-1.0
// expect: value_and_gradient: the objective must be a function of the output that returns a symbol, got adam
// clang: 13
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  tg::predictor<net> model;
  float const factor = 2;
  auto loss = tg::value_and_gradient(model, tg::adam{});
  return static_cast<int>(loss.value() * factor);
}

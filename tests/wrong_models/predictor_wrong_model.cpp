// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, dropout: rate must be at least 0 and less than 1, got 1.5
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dropout<1.5f>>;

int main() {
  tg::predictor<net> model;
  model.initialize(1);
}

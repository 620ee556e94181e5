// SPDX-License-Identifier: BSL-1.0
// expect: layer 2, my_layer: build and call, and what they use, must be constexpr
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

struct my_layer : tg::layer<my_layer> {
  tg::dense<3> inner;
  tg::symbol call(tg::symbol x) { return inner(x); }
};

using net = tg::sequential<tg::input<64>, tg::dense<8>, my_layer, tg::dense<2>>;

int main() {
  auto model = tg::compile<net>(tg::sgd{}, tg::mean_squared_error{});
  model.initialize(1);
}

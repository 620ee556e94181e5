// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, conv2d: needs height x width x channels, got extents 784; put reshape<28, 28, 1> before it
#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<784>, tg::conv2d<32, 3>, tg::flatten, tg::dense<10>>;
int main() {
  auto model = tg::compile<net, tg::on<tg::thrust>>(
      tg::adam{}, tg::sparse_categorical_crossentropy<tg::from_logits>{});
  return static_cast<int>(model.step());
}

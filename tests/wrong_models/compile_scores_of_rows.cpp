// SPDX-License-Identifier: BSL-1.0
// expect: compile: sparse_categorical_crossentropy needs one row of class scores a sample, got extents 28x10; put flatten before dense
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

// dense applies to the last axis, as Keras's does: it is the loss that finds too many rows.
using net = tg::sequential<tg::input<28, 28>, tg::dense<10>>;

int main() {
  auto model = tg::compile<net>(tg::sgd{}, tg::sparse_categorical_crossentropy<tg::from_logits>{});
  model.initialize(1);
}

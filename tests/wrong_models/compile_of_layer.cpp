// SPDX-License-Identifier: BSL-1.0
// expect: not a model: it has no trace; sequential<input<...>, ...> is one
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

int main() {
  auto model = tg::compile<tg::dense<3>>(tg::adam{}, tg::mean_squared_error{});
  model.initialize(1);
}

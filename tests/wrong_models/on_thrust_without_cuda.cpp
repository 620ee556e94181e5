// SPDX-License-Identifier: BSL-1.0
// expect: a model runs on<cpu>, or, with typegrad/cuda.hpp included, on<thrust> under float32, tf32, mixed_bfloat16 or mixed_float16
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<2>>;

int main() {
  auto model = tg::compile<net, tg::on<tg::thrust>>(tg::adam{}, tg::mean_squared_error{});
  model.initialize(1);
}

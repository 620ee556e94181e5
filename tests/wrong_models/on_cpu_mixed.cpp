// SPDX-License-Identifier: BSL-1.0
// expect: a model runs on<cpu>, or, with typegrad/cuda.hpp included, on<thrust> under float32, tf32, mixed_bfloat16 or mixed_float16
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<2>>;

int main() {
  tg::predictor<net, tg::on<tg::cpu, tg::mixed_bfloat16>> model;
  model.initialize(1);
}

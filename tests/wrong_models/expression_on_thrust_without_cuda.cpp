// SPDX-License-Identifier: BSL-1.0
// expect: expressions are computed on<cpu>, or, with typegrad/cuda.hpp included, on<thrust> under float32 or tf32
// clang: 12
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

float f(tg::tensor<float, 3> const& x) { return tg::evaluate<tg::on<tg::thrust>>(tg::sum(2 * x)); }

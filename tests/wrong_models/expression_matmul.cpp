// SPDX-License-Identifier: BSL-1.0
// expect: matmul: extents 2x3 and 2x3 do not fit
// clang: 15
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 2, 3> const x;
auto const z = tg::matmul(x, x);

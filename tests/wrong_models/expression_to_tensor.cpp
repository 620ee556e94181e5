// SPDX-License-Identifier: BSL-1.0
// expect: tensor: an expression of extents 2x3 does not fit a tensor of extents 3x2
// clang: 18
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 2, 3> const x;
tg::tensor<float, 3, 2> const y = 2 * x;

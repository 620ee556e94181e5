// SPDX-License-Identifier: BSL-1.0
// expect: tensor: values of float32 do not become int32 by themselves; cast them
// clang: 18
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 3> const x;
tg::tensor<int, 3> const y = 2 * x;

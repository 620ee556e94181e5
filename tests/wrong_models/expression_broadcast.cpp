// SPDX-License-Identifier: BSL-1.0
// expect: add: extents 3 and 4 do not broadcast
// clang: 18
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 3> const x;
tg::tensor<float, 4> const y;
auto const z = x + y;

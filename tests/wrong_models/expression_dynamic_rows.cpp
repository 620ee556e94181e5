// SPDX-License-Identifier: BSL-1.0
// expect: transpose: the dynamic first axis must stay the first
// clang: 15
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, tg::dynamic, 3> const x;
auto const z = tg::transpose(x);

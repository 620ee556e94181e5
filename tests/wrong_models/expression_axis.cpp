// SPDX-License-Identifier: BSL-1.0
// expect: sum: there is no axis 2 among 2
// clang: 18
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 2, 3> const x;
auto const z = tg::sum<2>(x);

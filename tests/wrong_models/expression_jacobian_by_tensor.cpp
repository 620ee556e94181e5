// SPDX-License-Identifier: BSL-1.0
// expect: jacobian: one can differentiate by variables; for tensors, which have no name, use jacobian(f)(x, y) with a function f of them
// clang: 12
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 2> x;
auto const z = tg::jacobian(2 * x, x);

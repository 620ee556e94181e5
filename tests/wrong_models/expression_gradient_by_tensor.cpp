// SPDX-License-Identifier: BSL-1.0
// expect: gradient: one can differentiate by variables; for tensors, which have no name, use gradient(f)(x, y) with a function f of them
// clang: 12
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 3> const x;
auto const z = tg::sum(x * x);
auto const slope = tg::gradient(z, x);

// SPDX-License-Identifier: BSL-1.0
// expect: jvp: one can differentiate by variables; for tensors, which have no name, use jvp(f)(x, y) with a function f of them
// clang: 12
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 2> x;
auto const z = tg::jvp(2 * x, std::tie(x), std::tuple{1 * x});

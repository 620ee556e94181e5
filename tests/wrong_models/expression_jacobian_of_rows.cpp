// SPDX-License-Identifier: BSL-1.0
// expect: jacobian: values and arguments need extents that are known while compiling, got a dynamic first axis
// clang: 18
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, tg::dynamic, 2> x;
auto const z = tg::jacobian([](auto v) { return 2 * v; })(tg::lazy(x));

// SPDX-License-Identifier: BSL-1.0
// expect: gradient: cannot differentiate by values of int32
// clang: 18
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<int, 3> const x;
auto const slope = tg::gradient([](auto v) { return tg::mean(v); })(x);

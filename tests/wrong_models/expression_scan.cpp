// SPDX-License-Identifier: BSL-1.0
// expect: scan: value 0 is float32 of 3 before a turn and float32 of 2x3 behind it; both must be the same
// clang: 15
#include <typegrad/expressions.hpp>

#include <tuple>

namespace tg = typegrad;

tg::tensor<float, 3> const start;
tg::tensor<float, 2, 3> const table;
tg::tensor<float, 5, 3> const xs;
auto const last = tg::scan([](auto carry, auto x) { return carry + x + table; }, start, xs);

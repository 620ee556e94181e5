// SPDX-License-Identifier: BSL-1.0
// expect: gradient: needs a scalar, got extents 3; sum it first
// clang: 15
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::variable<"x", tg::shape<3>> const x;
auto const slope = tg::gradient(x * x, x);

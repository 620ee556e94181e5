// SPDX-License-Identifier: BSL-1.0
// expect: tensor: an expression of extents 2 does not fit a tensor of extents 3
// clang: 15
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

void f(tg::variable<"a", tg::shape<3>>& a, tg::tensor<float, 2> const& x) { a.assign(2 * x); }

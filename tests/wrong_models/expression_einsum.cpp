// SPDX-License-Identifier: BSL-1.0
// expect: einsum:
// clang: 15
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 2, 3> const x;
auto const z = tg::einsum<"ij,jk->ik">(x, x);

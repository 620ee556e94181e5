// SPDX-License-Identifier: BSL-1.0
// expect: reshape: 6 elements cannot become 4x2
// clang: 15
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 2, 3> const x;
auto const z = reshape(x, tg::shape<4, 2>{});

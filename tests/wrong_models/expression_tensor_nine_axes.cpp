// SPDX-License-Identifier: BSL-1.0
// expect: a tensor has at most 8 axes
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 1, 1, 1, 1, 1, 1, 1, 1, 3> const x;

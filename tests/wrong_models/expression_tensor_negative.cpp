// SPDX-License-Identifier: BSL-1.0
// expect: a tensor's extents are not negative
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<float, 3, -3> const x;

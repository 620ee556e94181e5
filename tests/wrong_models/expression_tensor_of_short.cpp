// SPDX-License-Identifier: BSL-1.0
// expect: a tensor's elements are float, double, std::int32_t or bool
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

tg::tensor<short, 3> const x;

// SPDX-License-Identifier: BSL-1.0
// expect: not a model: it has no trace; sequential<input<...>, ...> is one
#include <typegrad/nn.hpp>

namespace tg = typegrad;

static_assert(tg::parameter_count<int> == 0);

// SPDX-License-Identifier: BSL-1.0
// expect: sequential: needs input<...> as its first layer to be a model
#include <typegrad/nn.hpp>

namespace tg = typegrad;

static_assert(tg::parameter_count<tg::sequential<>> == 0);

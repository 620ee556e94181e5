// SPDX-License-Identifier: BSL-1.0
// expect: frozen: int is neither a layer nor a model
#include <typegrad/nn.hpp>

namespace tg = typegrad;

static_assert(tg::parameter_count<tg::frozen<int>> == 0);

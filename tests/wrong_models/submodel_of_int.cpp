// SPDX-License-Identifier: BSL-1.0
// expect: submodel: int is not a model
#include <typegrad/nn.hpp>

namespace tg = typegrad;

static_assert(tg::parameter_count<tg::submodel<int, "dense">> == 0);

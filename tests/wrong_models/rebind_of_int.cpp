// SPDX-License-Identifier: BSL-1.0
// expect: rebind: int is not a model
#include <typegrad/nn.hpp>

namespace tg = typegrad;

static_assert(tg::parameter_count<tg::rebind<int, tg::batch<3>>> == 0);

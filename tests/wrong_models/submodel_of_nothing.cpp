// SPDX-License-Identifier: BSL-1.0
// expect: submodel: name at least one output or layer
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<3>>;
static_assert(tg::parameter_count<tg::submodel<net>> == 27);

// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, dense: needs at least one axis, got a scalar; put reshape<1> before it
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<>, tg::dense<3>>;
static_assert(tg::arena_bytes<net, tg::batch<1>> < 110'000);

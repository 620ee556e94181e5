// SPDX-License-Identifier: BSL-1.0
// expect: layer 1, reshape: 12 elements cannot become 5x2
#include <typegrad/nn.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<12>, tg::reshape<5, 2>>;
static_assert(std::same_as<tg::output_shape<net>, tg::shape<5, 2>>);

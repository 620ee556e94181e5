// SPDX-License-Identifier: BSL-1.0
// expect: with_name: the name must not be empty
#include <typegrad/nn.hpp>

namespace tg = typegrad;

tg::with_name<"", tg::dense<3>> layer;

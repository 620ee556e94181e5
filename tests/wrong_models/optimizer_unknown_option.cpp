// SPDX-License-Identifier: BSL-1.0
// expect: 'typegrad::adam' has no non-static data member named 'learning_rat'
// expect on clang: field designator 'learning_rat' does not refer to any field in type 'tg::adam'
#include <typegrad/training.hpp>

namespace tg = typegrad;

// The compiler's own words.
tg::adam optimizer{.learning_rat = 1e-3f};

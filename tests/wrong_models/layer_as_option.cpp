// SPDX-License-Identifier: BSL-1.0
// expect: because it is not structural
// expect on clang: is not a structural type
// lines: 13
#include <typegrad/nn.hpp>

namespace tg = typegrad;

// The compiler's own words: a layer is no value that could be a template argument.
tg::dense<4, tg::flatten{}> layer;

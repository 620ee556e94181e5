// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

#include <stdexcept>

namespace typegrad::expressions {

/// std::invalid_argument with a sentence of these pieces: texts and numbers.
template <class... Pieces>
[[noreturn]] __attribute__((cold, noinline)) void refuse(Pieces const&... pieces) {
  throw std::invalid_argument(sentence(pieces...).c_str());
}

}  // namespace typegrad::expressions

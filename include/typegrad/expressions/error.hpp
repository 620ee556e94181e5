// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

#include <cstdio>
#include <stdexcept>

namespace typegrad::expressions {

/// std::invalid_argument with a sentence of these pieces: texts and numbers.
template <class... Pieces>
[[noreturn]] __attribute__((cold, noinline)) void refuse(Pieces const&... pieces) {
  throw std::invalid_argument(sentence(pieces...).c_str());
}

/// A number for such a sentence, with six digits.
template <int = 0>
name_text digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return name_text(text);
}

}  // namespace typegrad::expressions

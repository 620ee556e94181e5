// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

namespace typegrad {

/// A number for a sentence: up to six digits behind the point, none that do not count ("0.2", "3").
constexpr basic_text<40> decimal(double value) {
  basic_text<40> t;
  if (value != value) return t.append("nan");
  if (value < 0) {
    t.append('-');
    value = -value;
  }
  if (value > 9e12) return t.append("more than 9e12");
  auto const millionths = static_cast<std::int64_t>(value * 1e6 + 0.5);
  t.append(millionths / 1'000'000);
  std::int64_t rest = millionths % 1'000'000;
  if (rest == 0) return t;
  t.append('.');
  for (std::int64_t digit = 100'000; rest > 0; digit /= 10) {
    t.append(static_cast<char>('0' + rest / digit));
    rest %= digit;
  }
  return t;
}

}  // namespace typegrad

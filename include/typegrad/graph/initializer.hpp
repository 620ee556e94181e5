// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace typegrad {

/// How a weight gets its first values: the general form that every named initializer becomes.
/// `a` and `b` are the parameters of the kind.
struct initializer {
  enum class kind : std::uint8_t {
    constant,          ///< a everywhere
    uniform,           ///< in [a, b)
    normal,            ///< mean a, standard deviation b
    truncated_normal,  ///< the same, redrawn beyond two standard deviations
    variance_uniform,  ///< in ±sqrt(3 a / fan)
    variance_normal,   ///< normal of variance a / fan: truncated, unless b is 1
    orthogonal,        ///< a times an orthogonal matrix
    identity,          ///< a on the diagonal
  };
  enum class fan : std::uint8_t { in, out, average };

  kind distribution = kind::constant;
  fan mode = fan::average;
  float a = 0;
  float b = 0;

  constexpr bool operator==(initializer const&) const = default;
};

}  // namespace typegrad

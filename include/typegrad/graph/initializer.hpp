// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <type_traits>

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

namespace initializers {

// These are class templates because tensors have the same names: zeros{} is an initializer,
// zeros<float, 2, 3>() a tensor (expressions/create.hpp).

template <class T = void, std::int64_t... Dims>
struct zeros {
  constexpr operator initializer() const { return {}; }
};

template <class T = void, std::int64_t... Dims>
struct ones {
  constexpr operator initializer() const { return {.a = 1}; }
};

template <class T = void, std::int64_t... Dims>
struct constant {
  float value = 0;
  constexpr operator initializer() const { return {.a = value}; }
};
template <class Number>
requires std::is_arithmetic_v<Number>
constant(Number) -> constant<>;

}  // namespace initializers
}  // namespace typegrad

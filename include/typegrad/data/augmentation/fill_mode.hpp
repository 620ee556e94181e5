// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace typegrad {

// g++ 12 takes an enumerator for one that hides a name of the namespace.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
/// What lies beyond an image's border, as in Keras: for a row a b c d
enum class fill_mode {
  constant,  ///< k k k k | a b c d | k k k k
  reflect,   ///< d c b a | a b c d | d c b a
  wrap,      ///< a b c d | a b c d | a b c d
  nearest,   ///< a a a a | a b c d | d d d d
};
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

namespace data_detail {

/// The pixel of 0 to size - 1 that stands at place `i`, which may lie outside; -1 for the constant.
constexpr std::int64_t filled_index(fill_mode mode, std::int64_t i, std::int64_t size) {
  if (i >= 0 && i < size) return i;
  std::int64_t const period = mode == fill_mode::reflect ? 2 * size : size;
  std::int64_t const within = (i % period + period) % period;
  switch (mode) {
    case fill_mode::reflect: return within < size ? within : period - 1 - within;
    case fill_mode::wrap: return within;
    case fill_mode::nearest: return i < 0 ? 0 : size - 1;
    default: return -1;
  }
}

}  // namespace data_detail
}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace typegrad {

/// What `sort_key` makes of a T.
template <class T>
using sort_key_of = std::conditional_t<std::is_same_v<T, double>, std::uint64_t, std::uint32_t>;

/// An unsigned number for each x, in the order of the numbers: -0 is 0, NaN the greatest. In the
/// opposite order if `backwards`.
template <class T>
constexpr sort_key_of<T> sort_key(T x, bool backwards) {
  if constexpr (std::is_floating_point_v<T>) {
    using key = sort_key_of<T>;
    constexpr key sign = key{1} << (8 * sizeof(key) - 1);
    key k = static_cast<key>(~key{0});
    if (x == x) {
      key const bits = std::bit_cast<key>(x == 0 ? T(0) : x);
      k = (bits & sign) != 0 ? ~bits : bits | sign;
    }
    return backwards ? static_cast<key>(~k) : k;
  } else {
    std::uint32_t const k = static_cast<std::uint32_t>(static_cast<std::int32_t>(x)) ^ 0x80000000U;
    return backwards ? ~k : k;
  }
}

/// A key and where it stood, compared in this order: no two of a line are equal, so that any way of
/// sorting is stable.
template <class Key>
struct placed_key {
  Key key;
  std::uint32_t at;

  static placed_key of(Key key, std::int64_t at) { return {key, static_cast<std::uint32_t>(at)}; }
  bool operator<(placed_key const& o) const { return key != o.key ? key < o.key : at < o.at; }
  std::int32_t position() const { return static_cast<std::int32_t>(at); }
};

/// The same in one number.
template <>
struct placed_key<std::uint32_t> {
  std::uint64_t both;

  static placed_key of(std::uint32_t key, std::int64_t at) {
    return {std::uint64_t{key} << 32 | static_cast<std::uint32_t>(at)};
  }
  bool operator<(placed_key const& o) const { return both < o.both; }
  std::int32_t position() const {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(both));
  }
};

}  // namespace typegrad

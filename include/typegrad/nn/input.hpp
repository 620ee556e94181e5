// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/build.hpp>

#include <type_traits>

namespace typegrad {

/// Where a model's data comes in: the extents of one sample, and the dtype (float32 unless given),
/// as in `input<28, 28>` or `input<10, dtype::int32>`.
template <auto... Dims>
struct input {
  static constexpr extents shape = [] {
    extents e;
    [[maybe_unused]] auto const take = [&](auto n) {
      if constexpr (!std::is_same_v<decltype(n), dtype>) e.push_back(std::int64_t{n});
    };
    (take(Dims), ...);
    return e;
  }();
  static constexpr dtype type = [] {
    dtype t = dtype::float32;
    [[maybe_unused]] auto const take = [&](auto n) {
      if constexpr (std::is_same_v<decltype(n), dtype>) t = n;
    };
    (take(Dims), ...);
    return t;
  }();
};

namespace detail {

template <class T>
inline constexpr bool is_input = false;
template <auto... Dims>
inline constexpr bool is_input<input<Dims...>> = true;

}  // namespace detail
}  // namespace typegrad

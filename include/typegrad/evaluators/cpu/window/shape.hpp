// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/window.hpp>

#include <cstdint>

namespace typegrad::on_cpu {

/// What a window slides over, and how: all of it is known to the compiler. Values are
/// (batch, spatial axes..., channels).
struct pooling_shape {
  window over;
  std::int64_t channels = 1;

  constexpr bool operator==(pooling_shape const&) const = default;
};

namespace detail {

/// Whole numbers [begin, end).
struct index_range {
  std::int64_t begin, end;

  constexpr bool empty() const { return begin >= end; }
  constexpr std::int64_t size() const { return empty() ? 0 : end - begin; }
  constexpr bool contains(std::int64_t i) const { return begin <= i && i < end; }
};

constexpr std::int64_t clamped(std::int64_t x, std::int64_t low, std::int64_t high) {
  return x < low ? low : x > high ? high : x;
}
constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}
constexpr std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return -floor_divide(-a, b); }

/// The element that tap 0 of window o reads; negative or too great in padding.
constexpr std::int64_t first_element(window_axis const& a, std::int64_t o) {
  return o * a.stride - a.low;
}
/// The taps of window o that read elements and no padding.
constexpr index_range taps_inside(window_axis const& a, std::int64_t o) {
  std::int64_t const at = first_element(a, o);
  std::int64_t const begin = clamped(ceil_divide(-at, a.dilation), 0, a.size);
  return {begin, clamped(ceil_divide(a.in - at, a.dilation), begin, a.size)};
}
/// The windows that read no padding.
constexpr index_range whole_windows(window_axis const& a) {
  std::int64_t const begin = clamped(ceil_divide(a.low, a.stride), 0, a.out);
  std::int64_t const end = floor_divide(a.in + a.low - a.reach(), a.stride) + 1;
  return {begin, clamped(end, begin, a.out)};
}
/// Windows [begin, end) among which are all that may read element i.
constexpr index_range windows_at(window_axis const& a, std::int64_t i) {
  std::int64_t const begin = clamped(ceil_divide(i + a.low - a.reach() + 1, a.stride), 0, a.out);
  return {begin, clamped(floor_divide(i + a.low, a.stride) + 1, begin, a.out)};
}
/// Whether window o reads element i.
constexpr bool reads(window_axis const& a, std::int64_t o, std::int64_t i) {
  std::int64_t const from_first = i - first_element(a, o);
  return from_first >= 0 && from_first < a.reach() && from_first % a.dilation == 0;
}
/// The elements that fall to window o, where windows do not overlap: those from its first tap to
/// the next window's; all elements fall to just one window.
constexpr index_range elements_of(window_axis const& a, std::int64_t o) {
  std::int64_t const begin = o == 0 ? 0 : clamped(first_element(a, o), 0, a.in);
  return {begin, o == a.out - 1 ? a.in : clamped(first_element(a, o + 1), begin, a.in)};
}
constexpr bool overlaps(window const& w) {
  for (window_axis const& a : w.axes)
    if (a.out > 1 && a.stride < a.reach()) return true;
  return false;
}

}  // namespace detail
}  // namespace typegrad::on_cpu

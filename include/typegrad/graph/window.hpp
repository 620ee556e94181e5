// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace typegrad {

/// How a window slides along one spatial axis. Tap t of window o reads element
/// o * stride + t * dilation - low of the `in` elements; outside of them lies padding.
struct window_axis {
  std::int64_t in = 1;    ///< elements that the windows slide over
  std::int64_t out = 1;   ///< windows
  std::int64_t size = 1;  ///< taps of a window
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t low = 0;   ///< elements of padding before the first element

  constexpr bool operator==(window_axis const&) const = default;

  /// From a window's first tap to its last one, both included.
  constexpr std::int64_t reach() const { return dilation * (size - 1) + 1; }
  /// The elements of padding that the last window reads behind the last element; 0 if none.
  constexpr std::int64_t high() const {
    std::int64_t const end = (out - 1) * stride + reach() - low;
    return end > in ? end - in : 0;
  }
  constexpr bool padded() const { return low > 0 || high() > 0; }
};

/// No value has more spatial axes than this.
inline constexpr int max_spatial = 3;

/// Neighbouring positions, along the three axes, of which the greatest value alone is kept.
struct position_block {
  std::int64_t at[max_spatial] = {1, 1, 1};

  constexpr bool operator==(position_block const&) const = default;
  constexpr std::int64_t count() const { return at[0] * at[1] * at[2]; }
};

/// A window over up to three spatial axes, outermost first; unused ones come first and are 1.
/// Values are (spatial axes..., channels).
struct window {
  window_axis axes[max_spatial];
  std::int64_t groups = 1;  ///< of channels, of a convolution: each by itself

  constexpr bool operator==(window const& o) const {
    for (int i = 0; i < max_spatial; ++i)
      if (!(axes[i] == o.axes[i])) return false;
    return groups == o.groups;
  }
  constexpr std::int64_t taps() const { return axes[0].size * axes[1].size * axes[2].size; }
  constexpr std::int64_t positions_in() const { return axes[0].in * axes[1].in * axes[2].in; }
  constexpr std::int64_t positions_out() const { return axes[0].out * axes[1].out * axes[2].out; }
  constexpr bool padded() const {
    return axes[0].padded() || axes[1].padded() || axes[2].padded();
  }
};

/// The windows over the positions of `over` that are its blocks; their extents divide its.
constexpr window blocks_of(window const& over, position_block const& block) {
  window blocks;
  for (int i = 0; i < max_spatial; ++i) {
    std::int64_t const in = over.axes[i].out, size = block.at[i];
    blocks.axes[i] = {.in = in, .out = in / size, .size = size, .stride = size};
  }
  return blocks;
}

}  // namespace typegrad

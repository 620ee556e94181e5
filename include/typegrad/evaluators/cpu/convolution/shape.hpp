// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <typegrad/graph/window.hpp>

namespace typegrad::on_cpu {

// All that is known of a convolution but its batch size. x is (batch, in, channels), the kernel
// (taps, channels / groups, filters), y is (batch, out, filters), all of them row-major.
struct convolution_shape {
  window over;
  std::int64_t channels = 1;
  std::int64_t filters = 1;

  constexpr bool operator==(convolution_shape const&) const = default;

  constexpr std::int64_t group_channels() const { return channels / over.groups; }
  constexpr std::int64_t group_filters() const { return filters / over.groups; }
  // Elements of a sample of x, of a sample of y, and of the kernel.
  constexpr std::int64_t x_size() const { return over.positions_in() * channels; }
  constexpr std::int64_t y_size() const { return over.positions_out() * filters; }
  constexpr std::int64_t k_size() const { return over.taps() * group_channels() * filters; }
  // Every channel is a group of its own with one filter.
  constexpr bool depthwise() const { return over.groups == channels && filters == channels; }
  // Multiply-adds of a sample, those with padding included.
  constexpr std::int64_t products() const { return y_size() * over.taps() * group_channels(); }
};

}  // namespace typegrad::on_cpu

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/window.hpp>

// How windows slide along an axis, in short.

namespace window_axes {

using typegrad::window_axis;

struct options {
  std::int64_t stride = 1, dilation = 1, low = 0, high = 0;
};

// An axis with as many windows as fit.
constexpr window_axis valid_axis(std::int64_t in, std::int64_t size, options const& o = {}) {
  window_axis a{in, 1, size, o.stride, o.dilation, o.low};
  a.out = (in + o.low + o.high - a.reach()) / o.stride + 1;
  return a;
}
constexpr window_axis valid_axis(std::int64_t in, std::int64_t size, std::int64_t stride,
                                 std::int64_t dilation = 1, std::int64_t low = 0,
                                 std::int64_t high = 0) {
  return valid_axis(in, size, {stride, dilation, low, high});
}
// Keras's "same": as many windows as elements, divided by the stride.
constexpr window_axis same_axis(std::int64_t in, std::int64_t size, std::int64_t stride = 1,
                                std::int64_t dilation = 1) {
  window_axis a{in, (in + stride - 1) / stride, size, stride, dilation, 0};
  std::int64_t const padding = (a.out - 1) * stride + a.reach() - in;
  a.low = padding > 0 ? padding / 2 : 0;
  return a;
}

}  // namespace window_axes

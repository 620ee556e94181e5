// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <typegrad/evaluators/cpu/convolution/depthwise_kernel.hpp>
#include <typegrad/evaluators/cpu/convolution/depthwise_sum.hpp>

// Convolutions in which every channel is a group of its own with one filter (Shape.depthwise()):
// direct sums, vectors along the channels.
//
// Every member of the team calls `run` with the same arguments. On return a member has done its
// part: others read the result, or use the scratch memory, after the team's next barrier. The
// result is bit-identical for any team size.
namespace typegrad::on_cpu {

// y from x and k. Rows of the epilogue are batch x out positions, columns channels.
template <convolution_shape Shape, class T, class Arch = xsimd::default_arch>
requires(Shape.depthwise())
struct depthwise_forward {
  static constexpr std::size_t scratch_bytes(int) { return 0; }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* k,
                  Epilogue const& epilogue, std::byte*) {
    detail::depthwise_sum<Shape, false, T, Arch>::run(members, batch, x, k, epilogue);
  }
};

// The gradient with respect to x, from y's gradient and k: rows are batch x in positions.
template <convolution_shape Shape, class T, class Arch = xsimd::default_arch>
requires(Shape.depthwise())
struct depthwise_input {
  static constexpr std::size_t scratch_bytes(int) { return 0; }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* y, T const* k,
                  Epilogue const& epilogue, std::byte*) {
    detail::depthwise_sum<Shape, true, T, Arch>::run(members, batch, y, k, epilogue);
  }
};

// The gradient with respect to k, from x and y's gradient: rows are taps.
template <convolution_shape Shape, class T, class Arch = xsimd::default_arch>
requires(Shape.depthwise())
struct depthwise_kernel {
  static constexpr std::size_t scratch_bytes(int team_size) {
    return detail::depthwise_kernel_gradient<Shape, T, Arch>::scratch_bytes(team_size);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& epilogue, std::byte* scratch) {
    detail::depthwise_kernel_gradient<Shape, T, Arch>::run(members, batch, x, y, epilogue, scratch);
  }
};

}  // namespace typegrad::on_cpu

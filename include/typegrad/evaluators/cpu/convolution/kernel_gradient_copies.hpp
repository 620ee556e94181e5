// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient_plan.hpp>

// What a kernel's gradient copies of its operands, in the order in which tiles read it.
TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu::detail {

template <convolution_shape Shape, class T, class Arch>
struct gradient_copies {
  using plan = kernel_gradient_plan<Shape, T, Arch>;
  static constexpr auto const& axes = plan::axes;
  static constexpr int width = plan::width;

  // The number of a block's window among all of y's.
  static std::int64_t window(gradient_block const& b, std::int64_t n, std::int64_t i,
                             std::int64_t j) {
    return (((b.sample + n) * axes[0].out + b.begin[0] + i) * axes[1].out + b.begin[1] + j) *
               axes[2].out +
           b.begin[2];
  }

  // Copies what a block's windows read of x, with its padding.
  [[gnu::noinline]] static void copy_x(T const* x, gradient_block const& at, T* to) {
    std::int64_t from[3], count[3];
    for (int i = 0; i < 3; ++i) {
      from[i] = at.begin[i] * axes[i].stride - axes[i].low;
      count[i] = (at.count[i] - 1) * axes[i].stride + axes[i].reach();
    }
    if constexpr (plan::pieces[2] == 1) {  // constants, for the copies below
      from[2] = -axes[2].low;
      count[2] = plan::read_extent(2);
    }
    std::int64_t const begin = std::clamp<std::int64_t>(-from[2], 0, count[2]);
    std::int64_t const end = std::clamp<std::int64_t>(axes[2].in - from[2], begin, count[2]);
    constexpr std::int64_t c = Shape.channels, together = plan::together;
    for (std::int64_t n = 0; n < at.samples; n += together) {
      for (std::int64_t i = 0; i < count[0]; ++i) {
        for (std::int64_t j = 0; j < count[1]; ++j) {
          T* const row = to + n / together * plan::sample_distance + i * plan::distance[0] +
                         j * plan::distance[1];
          std::int64_t const a = from[0] + i, b = from[1] + j;
          if (a < 0 || a >= axes[0].in || b < 0 || b >= axes[1].in) {
            std::fill_n(row, count[2] * plan::position, T(0));
            continue;
          }
          T const* const source =
              x + (((at.sample + n) * axes[0].in + a) * axes[1].in + b) * axes[2].in * c +
              (from[2] + begin) * c;
          std::fill_n(row, begin * plan::position, T(0));
          if constexpr (plan::paired) {
            bool const both = n + 1 < at.samples;
            zip(source, both ? source + Shape.x_size() : nullptr, (end - begin) * c,
                row + begin * plan::position);
          } else {
            std::copy_n(source, (end - begin) * c, row + begin * c);
          }
          std::fill_n(row + end * plan::position, (count[2] - end) * plan::position, T(0));
        }
      }
    }
  }

  // Elements of a and b in turn; without a b, zeros. May write up to two vectors too much.
  [[gnu::always_inline]] static void zip(T const* a, T const* b, std::int64_t count, T* to) {
    for (std::int64_t i = 0; i < count; i += width) {
      int const some = static_cast<int>(std::min<std::int64_t>(width, count - i));
      auto const p = load_partial<Arch>(a + i, some);
      auto const q = b == nullptr ? xsimd::batch<T, Arch>(T(0)) : load_partial<Arch>(b + i, some);
      xsimd::zip_lo(p, q).store_unaligned(to + 2 * i);
      xsimd::zip_hi(p, q).store_unaligned(to + 2 * i + width);
    }
  }

  // Copies a panel of y's columns for the windows of a block.
  template <int Vectors, class Tail>
  [[gnu::noinline]] static void copy_panel(T const* y, gradient_block const& at, Tail tail, T* to) {
    for (std::int64_t n = 0; n < at.samples; n += plan::together) {
      bool const both = n + 1 < at.samples;  // of a pair
      for (std::int64_t i = 0; i < at.count[0]; ++i) {
        for (std::int64_t j = 0; j < at.count[1]; ++j) {
          T const* from = y + window(at, n, i, j) * Shape.filters;
          T* line = to + ((n / plan::together * plan::block.of[0] + i) * plan::block.of[1] + j) *
                             plan::block.of[2] * Vectors * width;
          for (std::int64_t k = 0; k < at.count[2]; ++k) {
            TYPEGRAD_UNROLL
            for (int v = 0; v < Vectors - 1; ++v) {
              xsimd::batch<T, Arch>::load_unaligned(from + v * width)
                  .store_unaligned(line + v * width);
            }
            auto last = load_partial<Arch>(from + (Vectors - 1) * width, tail);
            if constexpr (plan::paired) {
              xsimd::batch<T, Arch> other(T(0));
              if (both) other = load_partial<Arch>(from + Shape.y_size(), tail);
              last = xsimd::zip_lo(last, other);
            }
            last.store_unaligned(line + (Vectors - 1) * width);
            from += Shape.filters;
            line += Vectors * width;
          }
        }
      }
    }
  }
};

}  // namespace typegrad::on_cpu::detail
TYPEGRAD_QUIET_END

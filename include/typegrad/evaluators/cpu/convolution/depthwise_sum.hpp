// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/epilogue.hpp>
#include <typegrad/evaluators/cpu/gemm/unroll.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

// Sums of products over windows, each channel by itself: a depthwise convolution and its transpose.
namespace typegrad::cpu::detail {

// Results begin + q * step (q < count) along one axis. Each is the sum over i < taps of the
// kernel's tap first_tap + i * tap_step times the operand's element q * Stride + shift + i *
// shift_step, where that lies within the operand.
struct depthwise_axis {
  std::int64_t begin, step, count;
  std::int64_t taps, first_tap, tap_step;
  std::int64_t shift, shift_step;
};

// The forward direction: one class of results.
constexpr depthwise_axis forward_axis(window_axis const& a) {
  return {0, 1, a.out, a.size, 0, 1, -a.low, a.dilation};
}

// Elements of x phase, phase + stride ... as sums over the windows that read them: a result p is
// read by tap t of window (p + low - t dilation) / stride, where that is a whole number.
constexpr depthwise_axis input_axis(window_axis const& a, std::int64_t phase) {
  depthwise_axis r{phase, a.stride, phase < a.in ? divide_up(a.in - phase, a.stride) : 0, 0, 0, 1,
                   0,     0};
  std::int64_t const common = std::gcd(a.stride, a.dilation);
  r.tap_step = a.stride / common;
  r.shift_step = -(a.dilation / common);
  for (std::int64_t t = 0; t < a.size && t < r.tap_step; ++t) {
    std::int64_t const at = phase + a.low - t * a.dilation;
    if (at % a.stride != 0) continue;
    r.first_tap = t;
    r.taps = divide_up(a.size - t, r.tap_step);
    r.shift = at / a.stride;
    break;
  }
  return r;
}

// What one line of results reads: lines of the operand, and rows of the kernel.
struct depthwise_row {
  std::int64_t operand, kernel;  // offsets
};

// `Pixels` results of a line from `q` on, of one vector of channels. Checked: taps may be outside,
// and only `count` results are wanted.
template <int Pixels, bool Checked, std::int64_t Stride, std::int64_t Channels, class Arch, class T,
          class Tail, class Epilogue>
[[gnu::always_inline]] inline void sum_pixels(T const* x, std::int64_t in, T const* k,
                                              depthwise_row const* rows, int row_count,
                                              depthwise_axis const& axis, std::int64_t q, int count,
                                              std::int64_t row, std::int64_t column, Tail tail,
                                              Epilogue const& epilogue) {
  using batch = xsimd::batch<T, Arch>;
  batch sum[Pixels];
  TYPEGRAD_UNROLL
  for (int p = 0; p < Pixels; ++p) sum[p] = batch(T(0));
  for (int r = 0; r < row_count; ++r) {
    std::int64_t at = q * Stride + axis.shift;
    T const* from = x + rows[r].operand + at * Channels;
    T const* factor = k + rows[r].kernel + axis.first_tap * Channels;
    TYPEGRAD_NO_UNROLL
    for (std::int64_t t = 0; t < axis.taps; ++t) {
      batch const f = load_partial<Arch>(factor, tail);
      TYPEGRAD_UNROLL
      for (int p = 0; p < Pixels; ++p) {
        if constexpr (Checked) {
          if (p >= count || at + p * Stride < 0 || at + p * Stride >= in) continue;
        }
        sum[p] = xsimd::fma(load_partial<Arch>(from + p * Stride * Channels, tail), f, sum[p]);
      }
      at += axis.shift_step;
      from += axis.shift_step * Channels;
      factor += axis.tap_step * Channels;
    }
  }
  if constexpr (Checked || is_heavy<Epilogue>) {
    alignas(64) T buffer[static_cast<std::size_t>(Pixels) * batch::size];
    TYPEGRAD_UNROLL
    for (int p = 0; p < Pixels; ++p) sum[p].store_unaligned(buffer + p * width<T, Arch>);
    TYPEGRAD_NO_UNROLL
    for (int p = 0; p < count; ++p) {
      epilogue(row + (q + p) * axis.step, column,
               batch::load_unaligned(buffer + p * width<T, Arch>), tail);
    }
  } else {
    TYPEGRAD_UNROLL
    for (int p = 0; p < Pixels; ++p) epilogue(row + (q + p) * axis.step, column, sum[p], tail);
  }
}

// All results of a line in one class, of one vector of channels; `row` is result 0's.
template <std::int64_t Stride, std::int64_t Channels, class Arch, class T, class Tail,
          class Epilogue>
[[gnu::noinline]] void sum_line(T const* x, std::int64_t in, T const* k, depthwise_row const* rows,
                                int row_count, depthwise_axis const& axis, std::int64_t row,
                                std::int64_t column, Tail tail, Epilogue const& stated) {
  auto const epilogue = stated;
  constexpr int pixels = 8;
  // The results whose taps are all inside.
  std::int64_t const last = axis.shift + (axis.taps - 1) * axis.shift_step;
  std::int64_t const low = std::min(axis.shift, last), high = std::max(axis.shift, last);
  std::int64_t const from = low < 0 ? divide_up(-low, Stride) : 0;
  std::int64_t const to = in > high ? (in - 1 - high) / Stride + 1 : 0;
  for (std::int64_t q = 0; q < axis.count;) {
    if (q >= from && q + pixels <= std::min(to, axis.count)) {
      sum_pixels<pixels, false, Stride, Channels, Arch>(x, in, k, rows, row_count, axis, q, pixels,
                                                        row, column, tail, epilogue);
      q += pixels;
    } else {
      std::int64_t end = std::min(q + pixels, axis.count);
      if (q < from) end = std::min(end, from);  // then whole strips follow
      sum_pixels<pixels, true, Stride, Channels, Arch>(x, in, k, rows, row_count, axis, q,
                                                       static_cast<int>(end - q), row, column, tail,
                                                       epilogue);
      q = end;
    }
  }
}

// Transposed: results have the extents `in`, the operand has `out`.
template <convolution_shape Shape, bool Transposed, class T, class Arch>
struct depthwise_sum {
  static constexpr window_axis const (&axes)[3] = Shape.over.axes;
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t channels = Shape.channels;
  static constexpr std::int64_t vectors = divide_up(channels, width);
  static constexpr int tail = static_cast<int>(channels - (vectors - 1) * width);
  // Below this many multiply-adds the team's first member does all: see gemm.
  static constexpr std::int64_t parallel_from = 256 * 1024 / width * 2;

  static constexpr std::int64_t extent(int i) { return Transposed ? axes[i].in : axes[i].out; }
  static constexpr std::int64_t operand(int i) { return Transposed ? axes[i].out : axes[i].in; }
  static constexpr std::int64_t stride(int i) { return Transposed ? 1 : axes[i].stride; }
  static constexpr std::int64_t classes(int i) { return Transposed ? axes[i].stride : 1; }
  static depthwise_axis axis(int i, std::int64_t phase) {
    return Transposed ? input_axis(axes[i], phase) : forward_axis(axes[i]);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* k,
                  Epilogue const& epilogue) {
    std::int64_t const lines = batch * extent(0) * extent(1);
    bool const alone = batch * Shape.products() < parallel_from;
    if (alone && members.index != 0) return;
    // Units of work are (line, vector of channels).
    span_of_work const mine = (alone ? team{} : members).part(lines * vectors);
    for (std::int64_t at = mine.begin; at < mine.end;) {
      std::int64_t const line = at / vectors, v = at % vectors;
      std::int64_t const end = std::min(vectors, v + mine.end - at);
      run_line(line, v, end, x, k, epilogue);
      at += end - v;
    }
  }

  template <class Epilogue>
  static void run_line(std::int64_t line, std::int64_t begin, std::int64_t end, T const* x,
                       T const* k, Epilogue const& epilogue) {
    std::int64_t const sample = line / extent(1) / extent(0);
    std::int64_t const place[2] = {line / extent(1) % extent(0), line % extent(1)};
    depthwise_axis const outer[2] = {axis(0, place[0] % classes(0)),
                                     axis(1, place[1] % classes(1))};
    std::int64_t const q[2] = {place[0] / classes(0), place[1] / classes(1)};
    depthwise_row rows[axes[0].size * axes[1].size];
    int count = 0;
    for (std::int64_t i = 0; i < outer[0].taps; ++i) {
      std::int64_t const a = q[0] * stride(0) + outer[0].shift + i * outer[0].shift_step;
      if (a < 0 || a >= operand(0)) continue;
      for (std::int64_t j = 0; j < outer[1].taps; ++j) {
        std::int64_t const b = q[1] * stride(1) + outer[1].shift + j * outer[1].shift_step;
        if (b < 0 || b >= operand(1)) continue;
        std::int64_t const tap = (outer[0].first_tap + i * outer[0].tap_step) * axes[1].size +
                                 outer[1].first_tap + j * outer[1].tap_step;
        rows[count++] = {((sample * operand(0) + a) * operand(1) + b) * operand(2) * channels,
                         tap * axes[2].size * channels};
      }
    }
    for (std::int64_t v = begin; v < end; ++v) {
      std::int64_t const column = v * width;
      for (std::int64_t phase = 0; phase < classes(2); ++phase) {
        depthwise_axis const inner = axis(2, phase);
        std::int64_t const row = line * extent(2) + inner.begin;
        auto const sum = [&](auto lanes_of_vector) {
          sum_line<stride(2), channels, Arch>(x + column, operand(2), k + column, rows, count,
                                              inner, row, column, lanes_of_vector, epilogue);
        };
        if constexpr (tail == width) {
          sum(lanes<width>{});
        } else {
          if constexpr (vectors > 1) {
            if (v < vectors - 1) {
              sum(lanes<width>{});
              continue;
            }
          }
          sum(lanes<tail>{});
        }
      }
    }
  }
};

}  // namespace typegrad::cpu::detail

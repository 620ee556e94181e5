// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>
#include <typegrad/evaluators/cpu/team.hpp>
#include <utility>

// Sums of products over windows, each channel by itself: a depthwise convolution and its transpose.
namespace typegrad::on_cpu::detail {

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

// Results q ... q + Pixels of a line, of one vector of channels, but for those before `skip`, which
// the strip before has. All taps are inside, unless Checked.
template <depthwise_axis Axis, std::int64_t In, std::int64_t Stride, std::int64_t Channels,
          int Pixels, bool Checked, class Arch, class T, class Tail, class Epilogue>
[[gnu::always_inline]] inline void sum_pixels(T const* x, T const* k, depthwise_row const* rows,
                                              int row_count, std::int64_t q, int skip,
                                              std::int64_t row, std::int64_t column, Tail tail,
                                              Epilogue const& epilogue) {
  using batch = xsimd::batch<T, Arch>;
  batch sum[Pixels];
  TYPEGRAD_UNROLL
  for (int p = 0; p < Pixels; ++p) sum[p] = batch(T(0));
  TYPEGRAD_NO_UNROLL
  for (int r = 0; r < row_count; ++r) {
    T const* from = x + rows[r].operand + (q * Stride + Axis.shift) * Channels;
    T const* factors = k + rows[r].kernel + Axis.first_tap * Channels;
    auto const add = [&](std::int64_t t) __attribute__((always_inline)) {
      if constexpr (Checked) {
        std::int64_t const at = q * Stride + Axis.shift + t * Axis.shift_step;
        if (at < 0 || at >= In) return;
      }
      batch const f = load_partial<Arch>(factors + t * Axis.tap_step * Channels, tail);
      TYPEGRAD_UNROLL
      for (int p = 0; p < Pixels; ++p) {
        T const* const at = from + (p * Stride + t * Axis.shift_step) * Channels;
        sum[p] = xsimd::fma(load_partial<Arch>(at, tail), f, sum[p]);
      }
    };
    if constexpr (!Checked && Axis.taps <= 8) {
      TYPEGRAD_UNROLL
      for (std::int64_t t = 0; t < Axis.taps; ++t) add(t);
    } else {
      TYPEGRAD_NO_UNROLL
      for (std::int64_t t = 0; t < Axis.taps; ++t) add(t);
    }
  }
  if constexpr (is_heavy<Epilogue>) {
    alignas(64) T buffer[static_cast<std::size_t>(Pixels) * batch::size];
    TYPEGRAD_UNROLL
    for (int p = 0; p < Pixels; ++p) sum[p].store_unaligned(buffer + p * width<T, Arch>);
    TYPEGRAD_NO_UNROLL
    for (int p = skip; p < Pixels; ++p) {
      epilogue(row + (q + p) * Axis.step, column,
               batch::load_unaligned(buffer + p * width<T, Arch>), tail);
    }
  } else {
    TYPEGRAD_UNROLL
    for (int p = 0; p < Pixels; ++p) {
      if (p >= skip) epilogue(row + (q + p) * Axis.step, column, sum[p], tail);
    }
  }
}

// All results of a line in one class, of one vector of channels; `row` is result 0's. The line of
// the operand has `In` elements.
template <depthwise_axis Axis, std::int64_t In, std::int64_t Stride, std::int64_t Channels,
          class Arch, class T, class Tail, class Epilogue>
[[gnu::noinline]] void sum_line(T const* x, T const* k, depthwise_row const* rows, int row_count,
                                std::int64_t row, std::int64_t column, Tail tail,
                                Epilogue const& stated) {
  auto const epilogue = stated;
  // The results whose taps are all inside.
  constexpr std::int64_t last = Axis.shift + (Axis.taps - 1) * Axis.shift_step;
  constexpr std::int64_t low = Axis.taps == 0 ? 0 : std::min(Axis.shift, last);
  constexpr std::int64_t high = Axis.taps == 0 ? 0 : std::max(Axis.shift, last);
  constexpr std::int64_t from =
      std::min(Axis.count, low < 0 ? divide_up(-low, Stride) : std::int64_t{0});
  constexpr std::int64_t to =
      Axis.taps == 0 ? Axis.count
                     : std::clamp(In > high ? (In - 1 - high) / Stride + 1 : std::int64_t{0}, from,
                                  Axis.count);
  // They make strips, the last of which overlaps the one before; the others go one by one.
  constexpr int limit = vector_registers<Arch> == 32 ? 8 : 4;
  constexpr int pixels = static_cast<int>(std::clamp<std::int64_t>(to - from, 1, limit));
  auto const border = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t q = begin; q < end; ++q) {
      sum_pixels<Axis, In, Stride, Channels, 1, true, Arch>(x, k, rows, row_count, q, 0, row,
                                                            column, tail, epilogue);
    }
  };
  if constexpr (from > 0) border(0, from);
  if constexpr (from < to) {
    for (std::int64_t done = from; done < to; done += pixels) {
      std::int64_t const q = std::min(done, to - pixels);
      sum_pixels<Axis, In, Stride, Channels, pixels, false, Arch>(
          x, k, rows, row_count, q, static_cast<int>(done - q), row, column, tail, epilogue);
    }
  }
  if constexpr (to < Axis.count) border(to, Axis.count);
}

// Transposed: results have the extents `in`, the operand has `out`.
template <convolution_shape Shape, bool Transposed, class T, class Arch>
struct depthwise_sum {
  static constexpr auto const& axes = Shape.over.axes;
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
  // The classes of results along an axis.
  template <int I>
  static constexpr auto classes_of = [] {
    std::array<depthwise_axis, static_cast<std::size_t>(classes(I))> all{};
    for (std::int64_t phase = 0; phase < classes(I); ++phase) {
      all[static_cast<std::size_t>(phase)] =
          Transposed ? input_axis(axes[I], phase) : forward_axis(axes[I]);
    }
    return all;
  }();

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
    depthwise_axis const outer[2] = {
        classes_of<0>[static_cast<std::size_t>(place[0] % classes(0))],
        classes_of<1>[static_cast<std::size_t>(place[1] % classes(1))]};
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
    [&]<std::size_t... Class>(std::index_sequence<Class...>) {
      for (std::int64_t v = begin; v < end; ++v) {
        (run_class<classes_of<2>[Class]>(line, v, x, k, rows, count, epilogue), ...);
      }
    }(std::make_index_sequence<static_cast<std::size_t>(classes(2))>());
  }

  template <depthwise_axis Axis, class Epilogue>
  static void run_class(std::int64_t line, std::int64_t v, T const* x, T const* k,
                        depthwise_row const* rows, int count, Epilogue const& epilogue) {
    auto const sum = [&](auto some) {
      sum_line<Axis, operand(2), stride(2), channels, Arch>(x + v * width, k + v * width, rows,
                                                            count, line * extent(2) + Axis.begin,
                                                            v * width, some, epilogue);
    };
    if constexpr (vectors > 1 || tail == width) {
      if (tail == width || v < vectors - 1) {
        sum(lanes<width>{});
        return;
      }
    }
    if constexpr (tail != width) sum(lanes<tail>{});
  }
};

}  // namespace typegrad::on_cpu::detail

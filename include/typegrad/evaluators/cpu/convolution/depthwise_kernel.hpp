// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

// The gradient of a depthwise convolution's kernel: sums of a block of taps, for one vector of
// channels, stay in registers while all windows of a sample go by.
namespace typegrad::on_cpu::detail {

// Windows [begin, end) along an axis in which the tap is inside of x.
constexpr span_of_work windows_inside(window_axis const& a, std::int64_t tap) {
  std::int64_t const shift = tap * a.dilation - a.low;
  std::int64_t const begin = shift < 0 ? divide_up(-shift, a.stride) : 0;
  std::int64_t const end = a.in > shift ? (a.in - 1 - shift) / a.stride + 1 : 0;
  return {std::min(begin, a.out), std::clamp(end, std::min(begin, a.out), a.out)};
}

// The taps of a block: [row, row + Rows) along axis 1 and [column, column + Columns) along axis 2.
struct tap_block {
  std::int64_t plane, row, column;
};

template <convolution_shape Shape, int Rows, int Columns, class Arch, class T, class Tail>
[[gnu::noinline]] void add_to_taps(T const* x, T const* y, tap_block const& at, bool first,
                                   Tail tail, T* sums) {
  using batch = xsimd::batch<T, Arch>;
  constexpr auto const& axes = Shape.over.axes;
  constexpr std::int64_t c = Shape.channels;
  constexpr std::int64_t line = axes[2].in * c;
  batch sum[Rows][Columns];
  TYPEGRAD_UNROLL
  for (int i = 0; i < Rows; ++i) {
    TYPEGRAD_UNROLL
    for (int j = 0; j < Columns; ++j) {
      T const* const p = sums + (i * Columns + j) * width<T, Arch>;
      sum[i][j] = first ? batch(T(0)) : batch::load_unaligned(p);
    }
  }
  auto const planes = windows_inside(axes[0], at.plane);
  span_of_work const inside{windows_inside(axes[2], at.column).begin,
                            windows_inside(axes[2], at.column + Columns - 1).end};
  for (std::int64_t o0 = planes.begin; o0 < planes.end; ++o0) {
    std::int64_t const i0 = o0 * axes[0].stride + at.plane * axes[0].dilation - axes[0].low;
    for (std::int64_t o1 = 0; o1 < axes[1].out; ++o1) {
      std::int64_t const i1 = o1 * axes[1].stride + at.row * axes[1].dilation - axes[1].low;
      bool const whole = i1 >= 0 && i1 + (Rows - 1) * axes[1].dilation < axes[1].in;
      T const* const from = x + (i0 * axes[1].in + i1) * line;
      T const* factor = y + (o0 * axes[1].out + o1) * axes[2].out * c;
      for (std::int64_t o2 = 0; o2 < axes[2].out;) {
        std::int64_t const i2 = o2 * axes[2].stride + at.column * axes[2].dilation - axes[2].low;
        T const* p = from + i2 * c;
        if (whole && o2 >= inside.begin && o2 < inside.end) {
          TYPEGRAD_NO_UNROLL
          for (; o2 < inside.end; ++o2) {
            batch const f = load_partial<Arch>(factor, tail);
            TYPEGRAD_UNROLL
            for (int i = 0; i < Rows; ++i) {
              TYPEGRAD_UNROLL
              for (int j = 0; j < Columns; ++j) {
                T const* const q = p + i * axes[1].dilation * line + j * axes[2].dilation * c;
                sum[i][j] = xsimd::fma(load_partial<Arch>(q, tail), f, sum[i][j]);
              }
            }
            p += axes[2].stride * c;
            factor += c;
          }
          continue;
        }
        batch const f = load_partial<Arch>(factor, tail);
        TYPEGRAD_UNROLL
        for (int i = 0; i < Rows; ++i) {
          if (i1 + i * axes[1].dilation < 0 || i1 + i * axes[1].dilation >= axes[1].in) continue;
          TYPEGRAD_UNROLL
          for (int j = 0; j < Columns; ++j) {
            if (i2 + j * axes[2].dilation < 0 || i2 + j * axes[2].dilation >= axes[2].in) continue;
            T const* const q = p + i * axes[1].dilation * line + j * axes[2].dilation * c;
            sum[i][j] = xsimd::fma(load_partial<Arch>(q, tail), f, sum[i][j]);
          }
        }
        factor += c;
        ++o2;
      }
    }
  }
  TYPEGRAD_UNROLL
  for (int i = 0; i < Rows; ++i) {
    TYPEGRAD_UNROLL
    for (int j = 0; j < Columns; ++j) {
      sum[i][j].store_unaligned(sums + (i * Columns + j) * width<T, Arch>);
    }
  }
}

template <convolution_shape Shape, class T, class Arch>
struct depthwise_kernel_gradient {
  static constexpr auto const& axes = Shape.over.axes;
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t vectors = divide_up(Shape.channels, width);
  static constexpr int tail = static_cast<int>(Shape.channels - (vectors - 1) * width);
  static constexpr std::int64_t parallel_from = 256 * 1024 / width * 2;

  // Blocks of taps of equal size; the last ones overlap those before.
  static constexpr std::int64_t limit = vector_registers<Arch> == 32 ? 28 : 12;
  static constexpr std::int64_t even(std::int64_t n, std::int64_t most) {
    return divide_up(n, divide_up(n, most));
  }
  static constexpr int columns = static_cast<int>(even(axes[2].size, limit));
  static constexpr int rows =
      columns < axes[2].size
          ? 1
          : static_cast<int>(even(axes[1].size, std::max<std::int64_t>(1, limit / columns)));
  static constexpr std::int64_t blocks[3] = {axes[0].size, divide_up(axes[1].size, rows),
                                             divide_up(axes[2].size, columns)};
  static constexpr std::int64_t block_elements = std::int64_t{rows} * columns * width;

  // Units of work are (block of taps, vector of channels); with few of them the samples too are
  // divided, into as many chunks by the batch size alone.
  static constexpr std::int64_t units = blocks[0] * blocks[1] * blocks[2] * vectors;
  static constexpr std::int64_t chunk_limit =
      units >= 64 ? 1 : std::min<std::int64_t>(16, divide_up(64, units));

  static constexpr std::size_t scratch_bytes(int) {
    return static_cast<std::size_t>(chunk_limit * units * block_elements) * sizeof(T);
  }

  // Calls f(tap_block, the taps' rows and columns that the block before has, column, lanes).
  template <class F>
  [[gnu::always_inline]] static void with_unit(std::int64_t unit, F const& f) {
    std::int64_t const block = unit / vectors, v = unit % vectors;
    std::int64_t const j = block % blocks[2] * columns, i = block / blocks[2] % blocks[1] * rows;
    tap_block const at{block / blocks[2] / blocks[1], std::min(i, axes[1].size - rows),
                       std::min(j, axes[2].size - columns)};
    int const skip_rows = static_cast<int>(i - at.row);
    int const skip_columns = static_cast<int>(j - at.column);
    if constexpr (vectors > 1 || tail == width) {
      if (tail == width || v < vectors - 1) {
        f(at, skip_rows, skip_columns, v * width, lanes<width>{});
        return;
      }
    }
    if constexpr (tail != width) f(at, skip_rows, skip_columns, v * width, lanes<tail>{});
  }

  template <class Epilogue>
  static void run(team const& all, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& stated, std::byte* scratch) {
    bool const alone = batch * Shape.products() < parallel_from;
    if (alone && all.index != 0) return;
    team const members = alone ? team{} : all;
    auto const epilogue = stated;
    T* const shared = reinterpret_cast<T*>(scratch);
    std::int64_t const chunks =
        std::max<std::int64_t>(1, std::min<std::int64_t>(chunk_limit, batch));
    auto const mine = members.part(chunks * units);
    for (std::int64_t at = mine.begin; at < mine.end;) {
      std::int64_t const chunk = at / units, unit = at % units;
      std::int64_t const count = std::min(units - unit, mine.end - at);
      std::int64_t const begin = batch * chunk / chunks, end = batch * (chunk + 1) / chunks;
      if (begin == end) std::fill_n(shared + at * block_elements, count * block_elements, T(0));
      for (std::int64_t n = begin; n < end; ++n) {
        for (std::int64_t u = 0; u < count; ++u) {
          with_unit(unit + u, [&](tap_block const& taps, int, int, std::int64_t column, auto some) {
            add_to_taps<Shape, rows, columns, Arch>(
                x + n * Shape.x_size() + column, y + n * Shape.y_size() + column, taps, n == begin,
                some, shared + (at + u) * block_elements);
          });
        }
      }
      at += count;
    }
    members.barrier();
    auto const part = members.part(units);
    for (std::int64_t unit = part.begin; unit < part.end; ++unit) {
      T const* const sums = shared + unit * block_elements;
      with_unit(unit, [&](tap_block const& taps, int skip_rows, int skip_columns,
                          std::int64_t column, auto some) {
        for (int i = skip_rows; i < rows; ++i) {
          for (int j = skip_columns; j < columns; ++j) {
            T const* const p = sums + (i * columns + j) * width;
            auto sum = xsimd::batch<T, Arch>::load_unaligned(p);
            for (std::int64_t q = 1; q < chunks; ++q) {
              sum += xsimd::batch<T, Arch>::load_unaligned(p + q * units * block_elements);
            }
            epilogue((taps.plane * axes[1].size + taps.row + i) * axes[2].size + taps.column + j,
                     column, sum, some);
          }
        }
      });
    }
  }
};

}  // namespace typegrad::on_cpu::detail

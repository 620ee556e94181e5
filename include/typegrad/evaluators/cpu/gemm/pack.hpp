// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/operand.hpp>
#include <typegrad/evaluators/cpu/gemm/transpose.hpp>

// Copies parts of operands into the order in which tiles read them, evaluating loaders on the way.
namespace typegrad::on_cpu::detail {

// A square of `width` rows and columns, transposed; only its first `rows` rows are written.
template <class Arch, class T>
[[gnu::noinline]] void transpose_block(T const* from, std::int64_t from_stride, T* to,
                                       std::int64_t to_stride, int rows) {
  constexpr int width = detail::width<T, Arch>;
  xsimd::batch<T, Arch> block[width];
  TYPEGRAD_UNROLL
  for (int i = 0; i < width; ++i) {
    block[i] = xsimd::batch<T, Arch>::load_unaligned(from + i * from_stride);
  }
  transpose(block);
  TYPEGRAD_UNROLL
  for (int i = 0; i < width; ++i) {
    if (i < rows) block[i].store_unaligned(to + i * to_stride);
  }
}

// The columns [column, column + columns) of the product's right operand, at depth [begin,
// begin + depth), as data[p * vectors * width + c]; columns up to vectors * width become 0.
template <class T, class Arch, class Loader>
[[gnu::noinline]] void pack_columns(Loader const& b, std::int64_t column, std::int64_t columns,
                                    std::int64_t begin, std::int64_t depth, T* data, int vectors) {
  constexpr int width = detail::width<T, Arch>;
  for (std::int64_t p = 0; p < depth; ++p) {
    for (int v = 0; v < vectors; ++v, data += width) {
      std::int64_t const left = columns - v * width;
      xsimd::batch<T, Arch> x(T(0));
      if (left >= width) {
        x = b.load_batch(begin + p, column + v * width);
      } else if (left > 0) {
        x = b.load_partial(begin + p, column + v * width, static_cast<int>(left));
      }
      x.store_unaligned(data);
    }
  }
}

// The same of a right operand that is stored transposed.
template <class T, class Arch, class Loader>
[[gnu::noinline]] void pack_columns_transposed(Loader const& b, std::int64_t column,
                                               std::int64_t columns, std::int64_t begin,
                                               std::int64_t depth, T* data, int vectors) {
  constexpr int width = detail::width<T, Arch>;
  constexpr bool in_place = std::is_same_v<Loader, as_loader<T, Arch, strided<T>>>;
  std::int64_t const stride = vectors * width;
  for (int v = 0; v < vectors; ++v) {
    std::int64_t const j = column + v * width;
    int const count = static_cast<int>(std::min<std::int64_t>(columns - v * width, width));
    for (std::int64_t p = 0; p < depth; p += width) {
      int const steps = static_cast<int>(std::min<std::int64_t>(width, depth - p));
      T* const to = data + p * stride + v * width;
      if constexpr (in_place) {
        if (count == width && steps == width) {
          transpose_block<Arch>(b.at(j, begin + p), b.source.stride(), to, stride, width);
          continue;
        }
      }
      alignas(64) T square[width * width];
      for (int c = 0; c < width; ++c) {
        xsimd::batch<T, Arch> x(T(0));
        if (c < count && steps == width) {
          x = b.load_batch(j + c, begin + p);
        } else if (c < count) {
          x = b.load_partial(j + c, begin + p, steps);
        }
        x.store_unaligned(square + c * width);
      }
      transpose_block<Arch>(square, width, to, stride, steps);
    }
  }
}

// A block of a matrix as it is stored: data[r * stride + c] = element (row + r, column + c).
template <class T, class Arch, class Loader>
[[gnu::noinline]] void copy_block(Loader const& a, std::int64_t row, std::int64_t rows,
                                  std::int64_t column, std::int64_t columns, T* data,
                                  std::int64_t stride) {
  constexpr int width = detail::width<T, Arch>;
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t c = 0;
    for (; c + width <= columns; c += width) {
      a.load_batch(row + r, column + c).store_unaligned(data + r * stride + c);
    }
    if (c < columns) {
      int const left = static_cast<int>(columns - c);
      store_partial(data + r * stride + c, a.load_partial(row + r, column + c, left), left);
    }
  }
}

}  // namespace typegrad::on_cpu::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/gemm/tile.hpp>
#include <typegrad/evaluators/cpu/gemm/transpose.hpp>

// Copies parts of operands into the order in which tiles read them, evaluating loaders on the way.
namespace typegrad::cpu::detail {

// Rows [row, row + rows) of the product's left operand, at depth [begin, begin + depth), as
// data[p * Rows + r]; rows past `rows` are 0.
template <bool Transposed, int Rows, class T, class Arch, class Loader>
void pack_rows(Loader const& a, std::int64_t row, int rows, std::int64_t begin, std::int64_t depth,
               T* data) {
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  if constexpr (Transposed) {
    for (std::int64_t p = 0; p < depth; ++p, data += Rows) {
      for (int r = 0; r < Rows; r += width) {
        int const count = std::clamp(rows - r, 0, width);
        batch const v = count == width ? a.load_batch(begin + p, row + r)
                        : count > 0    ? a.load_partial(begin + p, row + r, count)
                                       : batch(T(0));
        store_partial(data + r, v, std::min(width, Rows - r));
      }
    }
  } else {
    for (std::int64_t p = 0; p < depth; p += width) {
      int const count = static_cast<int>(std::min<std::int64_t>(width, depth - p));
      for (int first = 0; first < Rows; first += width) {
        batch block[width];
        for (int r = 0; r < width; ++r) {
          block[r] = first + r >= rows ? batch(T(0))
                     : count == width  ? a.load_batch(row + first + r, begin + p)
                                       : a.load_partial(row + first + r, begin + p, count);
        }
        transpose(block);
        for (int i = 0; i < count; ++i) {
          store_partial(data + (p + i) * Rows + first, block[i], std::min(width, Rows - first));
        }
      }
    }
  }
}

// `Vectors` vectors of columns from `column` on, `columns` of which exist, of the product's right
// operand at depth [begin, begin + depth), as data[p * Vectors * width + c]; others are 0.
template <bool Transposed, int Vectors, class T, class Arch, class Loader>
void pack_columns(Loader const& b, std::int64_t column, std::int64_t columns, std::int64_t begin,
                  std::int64_t depth, T* data) {
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  if constexpr (!Transposed) {
    for (std::int64_t p = 0; p < depth; ++p, data += Vectors * width) {
      for (int v = 0; v < Vectors; ++v) {
        std::int64_t const left = columns - v * width;
        batch const x =
            left >= width ? b.load_batch(begin + p, column + v * width)
            : left > 0 ? b.load_partial(begin + p, column + v * width, static_cast<int>(left))
                       : batch(T(0));
        x.store_aligned(data + v * width);
      }
    }
  } else {
    for (int v = 0; v < Vectors; ++v) {
      int const count = static_cast<int>(std::clamp<std::int64_t>(columns - v * width, 0, width));
      for (std::int64_t p = 0; p < depth; p += width) {
        int const steps = static_cast<int>(std::min<std::int64_t>(width, depth - p));
        batch block[width];
        for (int c = 0; c < width; ++c) {
          std::int64_t const j = column + v * width + c;
          block[c] = c >= count       ? batch(T(0))
                     : steps == width ? b.load_batch(j, begin + p)
                                      : b.load_partial(j, begin + p, steps);
        }
        transpose(block);
        for (int i = 0; i < steps; ++i) {
          block[i].store_aligned(data + ((p + i) * Vectors + v) * width);
        }
      }
    }
  }
}

}  // namespace typegrad::cpu::detail

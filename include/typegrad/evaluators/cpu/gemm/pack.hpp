// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/operand.hpp>
#include <typegrad/evaluators/cpu/gemm/transpose.hpp>

// Copies parts of operands into the order in which tiles read them, evaluating loaders on the way.
namespace typegrad::cpu::detail {

// The columns [column, column + columns) of the product's right operand, at depth [begin,
// begin + depth), as data[p * Vectors * width + c]; columns up to Vectors * width become 0.
template <bool Transposed, int Vectors, class T, class Arch, class Loader>
[[gnu::noinline]] void pack_columns(Loader const& b, std::int64_t column, std::int64_t columns,
                                    std::int64_t begin, std::int64_t depth, T* data) {
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  if constexpr (!Transposed) {
    for (std::int64_t p = 0; p < depth; ++p) {
      for (int v = 0; v < Vectors; ++v, data += width) {
        std::int64_t const left = columns - v * width;
        batch x(T(0));
        if (left >= width) {
          x = b.load_batch(begin + p, column + v * width);
        } else if (left > 0) {
          x = b.load_partial(begin + p, column + v * width, static_cast<int>(left));
        }
        x.store_unaligned(data);
      }
    }
  } else {
    for (int v = 0; v < Vectors; ++v) {
      std::int64_t const j = column + v * width;
      int const count = static_cast<int>(std::clamp<std::int64_t>(columns - v * width, 0, width));
      T* to = data + v * width;
      for (std::int64_t p = 0; p < depth; p += width) {
        int const steps = static_cast<int>(std::min<std::int64_t>(width, depth - p));
        batch block[width];
        if (count == width && steps == width) {
          TYPEGRAD_UNROLL
          for (int c = 0; c < width; ++c) block[c] = b.load_batch(j + c, begin + p);
          transpose(block);
          TYPEGRAD_UNROLL
          for (int i = 0; i < width; ++i, to += Vectors * width) block[i].store_unaligned(to);
        } else {
          TYPEGRAD_UNROLL
          for (int c = 0; c < width; ++c) {
            block[c] = c < count ? b.load_partial(j + c, begin + p, steps) : batch(T(0));
          }
          transpose(block);
          for (int i = 0; i < steps; ++i, to += Vectors * width) block[i].store_unaligned(to);
        }
      }
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

}  // namespace typegrad::cpu::detail

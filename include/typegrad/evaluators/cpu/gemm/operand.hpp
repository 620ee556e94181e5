// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <typegrad/evaluators/cpu/partial.hpp>

namespace typegrad::on_cpu {

// The extents of a product C (m x n) = A (m x k) B (k x n). 0 = known at run time only.
// A transposed operand is stored as its transpose: A as k x m, B as n x k.
struct gemm_shape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  bool transposed_a = false;
  bool transposed_b = false;

  friend constexpr bool operator==(gemm_shape const&, gemm_shape const&) = default;
};

// A matrix in memory, row-major as stored: element (row, column) at data[row * stride + column].
// A stride known to the compiler is given as an argument, `strided<float, 128>{p}`; else at run
// time, `strided<float>{p, stride}`. No alignment is required.
template <class T, std::int64_t Stride = 0>
struct strided {
  static constexpr std::int64_t stride_if_static = Stride;

  T const* data;

  static constexpr std::int64_t stride() noexcept { return Stride; }
};

template <class T>
struct strided<T, 0> {
  static constexpr std::int64_t stride_if_static = 0;

  T const* data;
  std::int64_t leading_dimension;

  constexpr std::int64_t stride() const noexcept { return leading_dimension; }
};

template <class T>
strided(T const*, std::int64_t) -> strided<T, 0>;
template <class T>
strided(T*, std::int64_t) -> strided<T, 0>;

// An operand that is computed while it is read (a fused prologue), in the coordinates of the
// matrix as stored. Each element may be read more than once, by any thread of the team.
//   load(row, column)             one element
//   load_batch(row, column)       the elements at column, column + 1, ... (a whole vector)
//   load_partial(row, column, n)  the first n of these and 0 in the other lanes, n < the width;
//                                 elements from column + n on must not be touched
template <class L, class T, class Arch>
concept gemm_loader = requires(L const loader, std::int64_t i, int n) {
  { loader.load(i, i) } -> std::convertible_to<T>;
  { loader.load_batch(i, i) } -> std::convertible_to<xsimd::batch<T, Arch>>;
  { loader.load_partial(i, i, n) } -> std::convertible_to<xsimd::batch<T, Arch>>;
};

namespace detail {

template <class Operand, class T>
inline constexpr bool is_strided = false;
template <class T, std::int64_t Stride>
inline constexpr bool is_strided<strided<T, Stride>, T> = true;

// Any operand with a loader's interface.
template <class T, class Arch, class Operand>
struct as_loader : Operand {};

template <class T, class Arch, std::int64_t Stride>
struct as_loader<T, Arch, strided<T, Stride>> {
  strided<T, Stride> source;

  [[gnu::always_inline]] T const* at(std::int64_t row, std::int64_t column) const {
    return source.data + row * source.stride() + column;
  }
  [[gnu::always_inline]] T load(std::int64_t row, std::int64_t column) const {
    return *at(row, column);
  }
  [[gnu::always_inline]] xsimd::batch<T, Arch> load_batch(std::int64_t row,
                                                          std::int64_t column) const {
    return xsimd::batch<T, Arch>::load_unaligned(at(row, column));
  }
  template <class N>
  [[gnu::always_inline]] xsimd::batch<T, Arch> load_partial(std::int64_t row, std::int64_t column,
                                                            N count) const {
    return on_cpu::load_partial<Arch>(at(row, column), count);
  }
};

// The same operand with its stride known at run time only, for functions that all shapes share.
template <class T, class Arch, std::int64_t Stride>
as_loader<T, Arch, strided<T>> with_stride(as_loader<T, Arch, strided<T, Stride>> const& a) {
  return {{a.source.data, a.source.stride()}};
}
template <class Loader>
Loader const& with_stride(Loader const& a) {
  return a;
}

}  // namespace detail
}  // namespace typegrad::on_cpu

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <typegrad/evaluators/cpu/gemm/epilogue.hpp>
#include <typegrad/evaluators/cpu/gemm/operand.hpp>

#if defined(__clang__)
#define TYPEGRAD_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define TYPEGRAD_UNROLL _Pragma("GCC unroll 64")
#else
#define TYPEGRAD_UNROLL
#endif

// The register tile: `rows` x `vectors` accumulators that stay in registers over the whole
// contraction, each step of which is a few vector loads of B, and per row one broadcast of A.
namespace typegrad::cpu::detail {

// How many vector registers an architecture has.
template <class Arch>
inline constexpr int vector_registers =
    has_avx512<Arch> || std::is_base_of_v<xsimd::neon64, Arch> ? 32 : 16;

// The tile that fills the registers: rows * vectors sums, `vectors` of B, and one of A.
template <class Arch>
struct tile_of {
  static constexpr int rows = vector_registers<Arch> == 32 ? 8 : 4;
  static constexpr int vectors = 3;
};

// Cursors walk along the contraction. Those of A give scalars, at(row); those of B vectors, at(v).
template <class T, int Rows>
struct packed_rows {
  T const* data;

  [[gnu::always_inline]] T at(int row) const { return data[row]; }
  [[gnu::always_inline]] void next() { data += Rows; }
};

template <class T, class Arch, int Vectors>
struct packed_columns {
  T const* data;

  [[gnu::always_inline]] xsimd::batch<T, Arch> at(int vector) const {
    return xsimd::batch<T, Arch>::load_aligned(data + vector * width<T, Arch>);
  }
  [[gnu::always_inline]] void next() { data += Vectors * width<T, Arch>; }
};

template <class T, class Arch, int Rows, int Vectors>
struct tile {
  using batch = xsimd::batch<T, Arch>;
  static constexpr int width = detail::width<T, Arch>;

  batch sum[Rows][Vectors];

  [[gnu::always_inline]] void clear() {
    TYPEGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v] = batch(T(0));
    }
  }

  // sum += A B over k steps of the cursors.
  template <class A, class B>
  [[gnu::always_inline]] void contract(std::int64_t k, A a, B b) {
    for (; k > 0; --k) {
      batch columns[Vectors];
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) columns[v] = b.at(v);
      TYPEGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        batch const row(a.at(r));
        TYPEGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[r][v] = xsimd::fma(row, columns[v], sum[r][v]);
      }
      a.next();
      b.next();
    }
  }

  [[gnu::always_inline]] void load(T const* p) {
    TYPEGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        sum[r][v] = batch::load_aligned(p + (r * Vectors + v) * width);
      }
    }
  }

  [[gnu::always_inline]] void store(T* p) const {
    TYPEGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v].store_aligned(p + (r * Vectors + v) * width);
    }
  }

  // Gives the rows [first, last) of the tile to the epilogue; its upper left element is
  // (row, column) of C; the last vector has `tail` lanes.
  template <class Tail, class Epilogue>
  [[gnu::always_inline]] void finish(std::int64_t row, std::int64_t column, int first, int last,
                                     Tail tail, Epilogue& epilogue) const {
    if constexpr (is_heavy<std::remove_cvref_t<Epilogue>>) {
      alignas(64) T buffer[Rows * Vectors * width];
      store(buffer);
      for (int r = first; r < last; ++r) {
        T const* const p = buffer + r * Vectors * width;
#if defined(__clang__)
#pragma clang loop unroll(disable)
#elif defined(__GNUC__)
#pragma GCC unroll 1
#endif
        for (int v = 0; v < Vectors - 1; ++v) {
          epilogue(row + r, column + v * width, batch::load_aligned(p + v * width), lanes<width>{});
        }
        constexpr int v = Vectors - 1;
        epilogue(row + r, column + v * width, batch::load_aligned(p + v * width), tail);
      }
    } else {
      TYPEGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        if (r < first || r >= last) continue;
        TYPEGRAD_UNROLL
        for (int v = 0; v < Vectors - 1; ++v) {
          epilogue(row + r, column + v * width, sum[r][v], lanes<width>{});
        }
        epilogue(row + r, column + (Vectors - 1) * width, sum[r][Vectors - 1], tail);
      }
    }
  }
};

// How the columns of C are cut into panels of at most `limit` vectors: as wide ones as can be
// without leaving a single vector over, since a tile of one vector is bound by its loads.
struct panels {
  std::int64_t wide;    // of `limit` vectors
  std::int64_t medium;  // of `limit - 1` vectors
  std::int64_t narrow;  // of one vector

  static constexpr panels of(std::int64_t vectors, int limit) {
    if (limit < 3) return {vectors / limit, 0, vectors % limit};
    std::int64_t const rest = vectors % limit;
    if (rest == 0) return {vectors / limit, 0, 0};
    if (rest == limit - 1) return {vectors / limit, 1, 0};
    // limit == 3 and rest == 1: two medium panels in the place of a wide one and a narrow one
    if (limit == 3 && vectors > 3) return {vectors / limit - 1, 2, 0};
    return {vectors / limit, 0, rest};
  }
  constexpr std::int64_t count() const { return wide + medium + narrow; }
};

}  // namespace typegrad::cpu::detail

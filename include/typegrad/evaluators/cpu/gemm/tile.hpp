// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <typegrad/evaluators/cpu/gemm/epilogue.hpp>
#include <typegrad/evaluators/cpu/gemm/operand.hpp>
#include <typegrad/evaluators/cpu/gemm/unroll.hpp>

// The register tile: Rows x Vectors sums that stay in registers over the whole contraction, each
// step of which is a few vector loads of B, and per row one broadcast of A.
namespace typegrad::on_cpu::detail {

template <class Arch>
inline constexpr int vector_registers =
    has_avx512<Arch> || std::is_base_of_v<xsimd::neon64, Arch> ? 32 : 16;

// The tile that fills the registers: rows * vectors sums, `vectors` of B, and one of A.
template <class Arch>
inline constexpr int tile_rows = vector_registers<Arch> == 32 ? 8 : 4;
inline constexpr int tile_vectors = 3;

// Cursors walk along the contraction. Those of A give scalars, at(row); those of B vectors, at(v).

// Rows of A at data[row * row_stride + step * step_stride]; a static stride of 0 is one that only
// the object knows.
template <class T, std::int64_t RowStride, std::int64_t StepStride>
struct row_cursor {
  T const* data;
  std::int64_t row_stride, step_stride;

  [[gnu::always_inline]] T at(int row) const {
    return data[row * (RowStride != 0 ? RowStride : row_stride)];
  }
  [[gnu::always_inline]] void next() { data += StepStride != 0 ? StepStride : step_stride; }
};

// Vectors of B at data[step * stride + v * width], the last of which has `tail` lanes.
template <class T, class Arch, int Vectors, std::int64_t Stride, class Tail>
struct column_cursor {
  T const* data;
  std::int64_t stride;
  Tail tail;

  [[gnu::always_inline]] xsimd::batch<T, Arch> at(int v) const {
    if (v == Vectors - 1) return load_partial<Arch>(data + v * width<T, Arch>, tail);
    return xsimd::batch<T, Arch>::load_unaligned(data + v * width<T, Arch>);
  }
  [[gnu::always_inline]] void next() { data += Stride != 0 ? Stride : stride; }
};

// Packed vectors of B.
template <class T, class Arch, int Vectors>
struct packed_cursor {
  T const* data;

  [[gnu::always_inline]] xsimd::batch<T, Arch> at(int v) const {
    return xsimd::batch<T, Arch>::load_unaligned(data + v * width<T, Arch>);
  }
  [[gnu::always_inline]] void next() { data += Vectors * width<T, Arch>; }
  [[gnu::always_inline]] void skip(std::int64_t steps) { data += steps * Vectors * width<T, Arch>; }
};

// What another cursor gives, packed on the way for the tiles to come.
template <class T, class Arch, int Vectors, class From>
struct packing_cursor {
  From from;
  T* data;

  [[gnu::always_inline]] xsimd::batch<T, Arch> at(int v) const {
    auto const x = from.at(v);
    x.store_unaligned(data + v * width<T, Arch>);
    return x;
  }
  [[gnu::always_inline]] void next() {
    from.next();
    data += Vectors * width<T, Arch>;
  }
};

// A tile's rows in C: one after the other, from `row` on, of which the first `skip` are left out.
struct consecutive_rows {
  std::int64_t row;
  int skip;

  [[gnu::always_inline]] constexpr std::int64_t at(int r) const { return row + r; }
  [[gnu::always_inline]] constexpr bool skips(int r) const { return r < skip; }
};

template <class T, class Arch, int Rows, int Vectors>
struct tile {
  using batch = xsimd::batch<T, Arch>;
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t elements = std::int64_t{Rows} * Vectors * width;

  batch sum[Rows][Vectors];

  [[gnu::always_inline]] void clear() {
    TYPEGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v] = batch(T(0));
    }
  }

  // sum += A B over `steps` of the contraction.
  template <class A, class B>
  [[gnu::always_inline]] void contract(std::int64_t steps, A a, B b) {
    TYPEGRAD_NO_UNROLL
    for (; steps > 0; --steps) {
      step(a, b);
      a.next();
      b.next();
    }
  }
  // The same for few steps, which are unrolled.
  template <int Steps, class A, class B>
  [[gnu::always_inline]] void contract(lanes<Steps>, A a, B b) {
    TYPEGRAD_UNROLL
    for (int i = 0; i < Steps; ++i) {
      step(a, b);
      a.next();
      b.next();
    }
  }

  template <class A, class B>
  [[gnu::always_inline]] void step(A const& a, B const& b) {
    batch columns[Vectors];
    TYPEGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) columns[v] = b.at(v);
    TYPEGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      batch const row(a.at(r));
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v] = xsimd::fma(row, columns[v], sum[r][v]);
#if defined(__clang__) && !defined(_MSC_VER)
      // Clang would load the next row's element early, for which 16 registers are one too few.
      if constexpr (vector_registers<Arch> == 16) __asm__ volatile("" ::: "memory");
#endif
    }
  }

  [[gnu::always_inline]] void load(T const* p) {
    TYPEGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        sum[r][v] = batch::load_unaligned(p + (r * Vectors + v) * width);
      }
    }
  }

  [[gnu::always_inline]] void store(T* p) const {
    TYPEGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v].store_unaligned(p + (r * Vectors + v) * width);
    }
  }

  // Gives the tile's rows from `skip` on to the epilogue; its upper left element is (row, column)
  // of C; the last vector of a row has `tail` lanes.
  template <class Tail, class Epilogue>
  [[gnu::always_inline]] void finish(std::int64_t row, std::int64_t column, int skip, Tail tail,
                                     Epilogue const& epilogue) const {
    // Low tiles are rare: they are not worth the code.
    finish_rows<Rows >= tile_rows<Arch>>(consecutive_rows{row, skip}, column, tail, epilogue);
  }

  // The same for rows that lie anywhere in C: at(r) says where, skips(r) which are left out.
  // `Inline`: the epilogue is inlined for every vector, unless it is heavy.
  template <bool Inline, class At, class Tail, class Epilogue>
  [[gnu::always_inline]] void finish_rows(At const& rows, std::int64_t column, Tail tail,
                                          Epilogue const& stated) const {
    auto const epilogue = stated;  // a copy, since stores could alias the original
    if constexpr (is_heavy<std::remove_cvref_t<Epilogue>> || !Inline) {
      alignas(64) T buffer[elements];
      store(buffer);
      T const* p = buffer;
      for (int r = 0; r < Rows; ++r) {
        if (rows.skips(r)) {
          p += Vectors * width;
          continue;
        }
        std::int64_t const row = rows.at(r);
        for (int v = 0; v < Vectors; ++v, p += width) {
          if constexpr (std::is_same_v<Tail, lanes<width>>) {
            epilogue(row, column + v * width, batch::load_unaligned(p), tail);
          } else if (v < Vectors - 1) {
            epilogue(row, column + v * width, batch::load_unaligned(p), lanes<width>{});
          } else {
            epilogue(row, column + v * width, batch::load_unaligned(p), tail);
          }
        }
      }
    } else {
      TYPEGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        if (rows.skips(r)) continue;
        TYPEGRAD_UNROLL
        for (int v = 0; v < Vectors - 1; ++v) {
          epilogue(rows.at(r), column + v * width, sum[r][v], lanes<width>{});
        }
        epilogue(rows.at(r), column + (Vectors - 1) * width, sum[r][Vectors - 1], tail);
      }
    }
  }
};

// Where one tile stands: its place in C, and in a contraction that is cut into blocks.
template <class T>
struct tile_place {
  std::int64_t row, column;
  int skip;
  std::int64_t steps;
  T* partial;  // sums kept between blocks of the contraction
  bool first, last;
};

// One tile of C: the function in which all arithmetic is done.
template <int Rows, int Vectors, bool MaySplit, class Arch, class T, class A, class B, class Tail,
          class Epilogue>
[[gnu::noinline]] void compute_tile(tile_place<T> const& at, A const& a, B const& b, Tail tail,
                                    Epilogue const& epilogue) {
  tile<T, Arch, Rows, Vectors> c;
  if (!MaySplit || at.first) {
    c.clear();
  } else {
    c.load(at.partial);
  }
  c.contract(at.steps, a, b);
  if (!MaySplit || at.last) {
    c.finish(at.row, at.column, at.skip, tail, epilogue);
  } else {
    c.store(at.partial);
  }
}

}  // namespace typegrad::on_cpu::detail

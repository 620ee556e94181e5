// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/body.hpp>
#include <typegrad/evaluators/thrust/group.hpp>

#include <cstdint>

// A tile of a matrix product C = A B, for operands of any form: dense ones, and windows over
// images.
//
// An operand tells how its elements lie and hands them out:
//   static constexpr bool along_inner;  // neighbours in memory follow on each other along the
//                                       // contracted axis, not along the rows (columns)
//   static constexpr bool by_four;      // four from a multiple of 4 on can be read at once
//   using line = ...;                   // what is known once a row (column) is
//   line at(std::int64_t outer) const;  // a row of A, a column of B; it may be beyond the end
//   using real = ...;                   // float or double
//   real one(line const&, std::int64_t inner) const;  // 0 beyond the end
//   void four(line const&, std::int64_t inner, real* to) const;
//     // along the inner axis if along_inner, else along the outer
// One whose inner axis is of sections may also have
//   static constexpr int section_length;
//   using section = ...;                // what is known for all lines
//   static section section_at(std::int64_t inner);
//   void four(line const&, section const&, int further, real* to) const;

TYPEGRAD_ON_THRUST_BEGIN

/// The tile of C that a block computes: its threads have `rows_each` x `columns_each` sums, and
/// where that are more threads than the tile has room for they share the contracted axis in slices.
struct tile_shape {
  int rows = 32, columns = 32, depth = 32;
  int rows_each = 4, columns_each = 4;
  int ahead = 1;   ///< stages that are fetched before they are needed, and held in registers
  int blocks = 2;  ///< that a processor shall have room for

  constexpr int threads() const { return 256; }
  constexpr int places() const { return rows / rows_each * (columns / columns_each); }
  constexpr int slices() const { return threads() / places(); }
};

#if TYPEGRAD_CUDA

/// What a thread fetches of an operand's part of a stage, Outer x Depth elements: vectors of 4, or
/// single ones. In shared memory a stage is (Depth, Outer + Pad). `Rounded`: to the 11 bits of
/// precision that tensor cores take.
template <class Operand, int Outer, int Depth, int Pad, int Ahead, bool Rounded>
struct tile_fetcher {
  using real = typename Operand::real;
  static constexpr int threads = 256;
  static constexpr bool four = Operand::by_four;
  static constexpr int vector = four ? 4 : 1;
  static constexpr int stride = Outer + Pad;
  static constexpr int all = Outer * Depth / vector;
  static constexpr int each = (all + threads - 1) / threads;
  static constexpr int inner_vectors = Operand::along_inner ? Depth / vector : Depth;
  static constexpr int outer_vectors = Operand::along_inner ? Outer : Outer / vector;

  Operand const& operand;
  typename Operand::line lines[each];
  real held[Ahead][each][vector];

  /// Of vector number i of this thread: where it is in the stage.
  TYPEGRAD_DEVICE static int outer_of(int i) {
    int const v = i * threads + static_cast<int>(threadIdx.x);
    return Operand::along_inner ? v / inner_vectors : v % outer_vectors * vector;
  }
  TYPEGRAD_DEVICE static int inner_of(int i) {
    int const v = i * threads + static_cast<int>(threadIdx.x);
    return Operand::along_inner ? v % inner_vectors * vector : v / outer_vectors;
  }
  TYPEGRAD_DEVICE static bool mine(int i) {
    return all % threads == 0 || i * threads + static_cast<int>(threadIdx.x) < all;
  }
  TYPEGRAD_DEVICE tile_fetcher(Operand const& o, std::int64_t first) : operand{o} {
#pragma unroll
    for (int i = 0; i < each; ++i) lines[i] = operand.at(first + outer_of(i));
  }
  /// Fetches the stage at `inner` into place `p` of those that are held.
  TYPEGRAD_DEVICE void fetch(int p, std::int64_t inner, std::int64_t end) {
    if constexpr (in_sections()) {
      auto const section = Operand::section_at(inner);
#pragma unroll
      for (int i = 0; i < each; ++i) {
        clear(p, i);
        if (mine(i) && inner + inner_of(i) < end)
          operand.four(lines[i], section, inner_of(i), held[p][i]);
      }
    } else {
#pragma unroll
      for (int i = 0; i < each; ++i) {
        std::int64_t const k = inner + inner_of(i);
        clear(p, i);
        if (!mine(i) || k >= end) continue;
        if constexpr (four)
          operand.four(lines[i], k, held[p][i]);
        else
          held[p][i][0] = operand.one(lines[i], k);
      }
    }
  }
  /// Whether all of a stage lies in one section.
  static constexpr bool in_sections() {
    if constexpr (requires { Operand::section_length; })
      return four && Operand::section_length % Depth == 0;
    else
      return false;
  }
  TYPEGRAD_DEVICE void clear(int p, int i) {
#pragma unroll
    for (int w = 0; w < vector; ++w) held[p][i][w] = 0;
  }
  /// Writes what is held at place `p` to shared memory.
  TYPEGRAD_DEVICE void put(int p, real* to) const {
#pragma unroll
    for (int i = 0; i < each; ++i) {
      if (!mine(i)) continue;
      real* const at = to + inner_of(i) * stride + outer_of(i);
      if constexpr (!four) {
        *at = rounded(held[p][i][0]);
      } else if constexpr (Operand::along_inner) {
#pragma unroll
        for (int w = 0; w < 4; ++w) at[w * stride] = rounded(held[p][i][w]);
      } else {
        *reinterpret_cast<pack<real, 4>*>(at) =
            pack<real, 4>{rounded(held[p][i][0]), rounded(held[p][i][1]), rounded(held[p][i][2]),
                          rounded(held[p][i][3])};
      }
    }
  }
  TYPEGRAD_DEVICE static real rounded(real x) {
    if constexpr (Rounded) {
      std::uint32_t bits;
      asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
      return __uint_as_float(bits);
    } else {
      return x;
    }
  }
};

/// Adds the other slices of `Elements` sums to the first; they and the result are there for all
/// threads.
template <int Slices, int Elements, int Threads, class Real>
TYPEGRAD_DEVICE void add_slices(group<Threads> const& g, Real* sums) {
  if constexpr (Slices > 1) {
    for (int e = g.rank(); e < Elements; e += Threads) {
      Real total = sums[e];
#pragma unroll
      for (int s = 1; s < Slices; ++s) total += sums[s * Elements + e];
      sums[e] = total;
    }
    g.sync();
  }
}

template <tile_shape Shape, class A, class B>
struct tile_product {
  using real = typename A::real;
  static constexpr int threads = Shape.threads();
  static constexpr int pad = 4;
  static constexpr int a_stride = Shape.rows + pad;
  static constexpr int b_stride = Shape.columns + pad;
  static constexpr int slices = Shape.slices();
  static constexpr int slice_depth = Shape.depth / slices;
  static_assert(Shape.depth % slices == 0 && slices >= 1);

  static constexpr int stage_elements = Shape.depth * (a_stride + b_stride);
  static constexpr int sums_elements = slices * Shape.rows * Shape.columns;
  static constexpr std::size_t shared_bytes =
      sizeof(real) * static_cast<std::size_t>(
                         2 * stage_elements > sums_elements ? 2 * stage_elements : sums_elements);

  template <int Count>
  TYPEGRAD_DEVICE static void read(real const* from, real* to) {
    if constexpr (Count % 4 == 0) {
#pragma unroll
      for (int i = 0; i < Count; i += 4) {
        auto const v = *reinterpret_cast<pack<real, 4> const*>(from + i);
#pragma unroll
        for (int w = 0; w < 4; ++w) to[i + w] = v.at[w];
      }
    } else {
#pragma unroll
      for (int i = 0; i < Count; ++i) to[i] = from[i];
    }
  }

  /// Sums products over inner in [begin, end) of the tile at (row, column); the sums are then in
  /// shared memory, (Shape.rows, Shape.columns), for all threads. begin and end are multiples of 4,
  /// but for the last end.
  TYPEGRAD_DEVICE static real const* run(group<threads> const& g, A const& a, B const& b,
                                         std::int64_t row, std::int64_t column, std::int64_t begin,
                                         std::int64_t end) {
    auto* const memory = reinterpret_cast<real*>(g.shared);
    int const slice = g.rank() / Shape.places();
    int const within = g.rank() % Shape.places();
    constexpr int across = Shape.columns / Shape.columns_each;
    int const my_row = within / across * Shape.rows_each;
    int const my_column = within % across * Shape.columns_each;

    real sums[Shape.rows_each][Shape.columns_each] = {};
    tile_fetcher<A, Shape.rows, Shape.depth, pad, Shape.ahead, false> of_a(a, row);
    tile_fetcher<B, Shape.columns, Shape.depth, pad, Shape.ahead, false> of_b(b, column);
#pragma unroll
    for (int p = 0; p < Shape.ahead; ++p) {
      of_a.fetch(p, begin + p * Shape.depth, end);
      of_b.fetch(p, begin + p * Shape.depth, end);
    }
    int stage = 0;
    g.sync();  // the memory's last user is done
    for (std::int64_t first = begin; first < end; first += Shape.ahead * Shape.depth) {
#pragma unroll
      for (int p = 0; p < Shape.ahead; ++p) {
        std::int64_t const k = first + p * Shape.depth;
        if (k >= end) break;
        real* const stage_a = memory + stage * stage_elements;
        real* const stage_b = stage_a + Shape.depth * a_stride;
        of_a.put(p, stage_a);
        of_b.put(p, stage_b);
        g.sync();
        if (k + Shape.ahead * Shape.depth < end) {
          of_a.fetch(p, k + Shape.ahead * Shape.depth, end);
          of_b.fetch(p, k + Shape.ahead * Shape.depth, end);
        }
#pragma unroll
        for (int d = 0; d < slice_depth; ++d) {
          int const at = slice * slice_depth + d;
          real x[Shape.rows_each], y[Shape.columns_each];
          read<Shape.rows_each>(stage_a + at * a_stride + my_row, x);
          read<Shape.columns_each>(stage_b + at * b_stride + my_column, y);
#pragma unroll
          for (int i = 0; i < Shape.rows_each; ++i)
#pragma unroll
            for (int j = 0; j < Shape.columns_each; ++j) sums[i][j] = fma(x[i], y[j], sums[i][j]);
        }
        stage ^= 1;
      }
    }
    g.sync();
#pragma unroll
    for (int i = 0; i < Shape.rows_each; ++i)
#pragma unroll
      for (int j = 0; j < Shape.columns_each; ++j)
        memory[(slice * Shape.rows + my_row + i) * Shape.columns + my_column + j] = sums[i][j];
    g.sync();
    add_slices<slices, Shape.rows * Shape.columns>(g, memory);
    return memory;
  }
};

#endif

TYPEGRAD_ON_THRUST_END

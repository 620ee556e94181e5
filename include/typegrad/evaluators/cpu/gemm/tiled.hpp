// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/pack.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>

// The product by register tiles, for at least half as many rows as a tile has. A is read in place
// (a loader is evaluated into scratch memory first). B is read in place where its rows are short;
// else a panel of columns is packed by the first row tile that reads it, and a loader's or
// transposed panel before that.
namespace typegrad::on_cpu::detail {

template <gemm_shape Shape, class T, class Arch, class A, class B>
struct tiled {
  static constexpr int width = detail::width<T, Arch>;
  static constexpr int rows_limit = tile_rows<Arch>;
  static constexpr std::int64_t size = sizeof(T);
  static constexpr bool a_in_place = is_strided<A, T>;
  static constexpr bool b_in_place = is_strided<B, T> && !Shape.transposed_b;
  static constexpr std::int64_t vectors_if_static = divide_up(Shape.n, width);

  // The contraction is cut into equal blocks no longer than this, for a panel to stay in L2.
  static constexpr std::int64_t depth_limit = 4096 / size;
  static constexpr std::int64_t depth =
      Shape.k == 0 ? depth_limit : divide_up(Shape.k, divide_up(Shape.k, depth_limit));
  static constexpr bool may_split = Shape.k == 0 || Shape.k > depth;

  // Rows of which A or sums are kept in scratch memory at once.
  static constexpr std::int64_t block_limit = (1 << 20) / size;  // elements
  static constexpr std::int64_t block_rows =
      std::min(Shape.m == 0 ? block_limit : round_up(Shape.m, rows_limit),
               std::max<std::int64_t>(2, block_limit / depth / rows_limit) * rows_limit);
  static constexpr std::int64_t block_vectors =
      std::min(Shape.n == 0 ? block_limit : divide_up(Shape.n, width),
               std::max<std::int64_t>(1, block_limit / block_rows / width / 6) * 6);

  // The block of A as stored, evaluated: rows of this many elements, not a power of two.
  static constexpr std::int64_t a_stride =
      round_up(Shape.transposed_a ? block_rows : depth, 64 / size) + 64 / size;

  static constexpr std::int64_t a_elements =
      a_in_place ? 0 : a_stride * (Shape.transposed_a ? depth : block_rows);
  static constexpr std::int64_t c_elements =
      may_split ? (block_rows + 2 * rows_limit) * block_vectors * width : 0;
  static constexpr std::int64_t b_elements = tile_vectors * width * depth;
  static constexpr std::size_t scratch_bytes(int team_size) {
    auto const bytes = [](std::int64_t n) {
      return static_cast<std::size_t>(round_up(n * size, 64));
    };
    return bytes(a_elements) + bytes(c_elements) +
           static_cast<std::size_t>(team_size) * bytes(b_elements);
  }

  // B's rows from this length on are packed: they are far apart, in pages of their own.
  static constexpr std::int64_t packed_from = 1024 / size;

  template <class Epilogue>
  struct job {
    team const& members;
    as_loader<T, Arch, A> const& a;
    as_loader<T, Arch, B> const& b;
    Epilogue const& epilogue;
    T *a_block, *c_block, *b_panel;
    // the block of C, and of the contraction
    std::int64_t row, rows, column, columns, begin, steps;
    bool first, last;
  };

  template <class Epilogue>
  static void run(team const& members, std::int64_t m, std::int64_t n, std::int64_t k,
                  as_loader<T, Arch, A> const& a, as_loader<T, Arch, B> const& b,
                  Epilogue const& epilogue, std::byte* scratch) {
    T* const a_block = reinterpret_cast<T*>(scratch);
    T* const c_block = a_block + round_up(a_elements, 64 / size);
    T* const b_panel =
        c_block + round_up(c_elements, 64 / size) + members.index * round_up(b_elements, 64 / size);
    bool const split = may_split && k > depth;
    // Blocks of nearly equal size; of whole tiles where C is of whole tiles.
    std::int64_t const unit = m % rows_limit == 0 ? rows_limit : 1;
    std::int64_t const vectors = divide_up(n, width);
    std::int64_t const row_blocks = !a_in_place || split ? divide_up(m, block_rows) : 1;
    std::int64_t const column_blocks = split ? divide_up(vectors, block_vectors) : 1;
    std::int64_t const depth_blocks = std::max<std::int64_t>(1, divide_up(k, depth));
    for (std::int64_t i = 0; i < row_blocks; ++i) {
      std::int64_t const row = m / unit * i / row_blocks * unit;
      std::int64_t const row_end = m / unit * (i + 1) / row_blocks * unit;
      for (std::int64_t j = 0; j < column_blocks; ++j) {
        std::int64_t const column = vectors * j / column_blocks * width;
        std::int64_t const column_end = std::min(n, vectors * (j + 1) / column_blocks * width);
        for (std::int64_t p = 0; p < depth_blocks; ++p) {
          std::int64_t const begin = depth * p;
          job<Epilogue> const work{members,
                                   a,
                                   b,
                                   epilogue,
                                   a_block,
                                   c_block,
                                   b_panel,
                                   row,
                                   row_end - row,
                                   column,
                                   column_end - column,
                                   begin,
                                   std::min(depth, k - begin),
                                   p == 0,
                                   p + 1 == depth_blocks};
          if constexpr (!a_in_place) evaluate_a(work);
          run_block(work);
        }
      }
    }
  }

  // The team evaluates the block of A together.
  template <class Job>
  static void evaluate_a(Job const& work) {
    work.members.barrier();  // all are through with the block before
    if constexpr (Shape.transposed_a) {
      auto const part = work.members.part(work.steps);
      copy_block<T, Arch>(work.a, work.begin + part.begin, part.end - part.begin, work.row,
                          work.rows, work.a_block + part.begin * a_stride, a_stride);
    } else {
      auto const part = work.members.part(work.rows);
      copy_block<T, Arch>(work.a, work.row + part.begin, part.end - part.begin, work.begin,
                          work.steps, work.a_block + part.begin * a_stride, a_stride);
    }
    work.members.barrier();
  }

  template <class Job>
  static void run_block(Job const& work) {
    row_cut const cut{work.rows, rows_limit};
    std::int64_t const vectors = divide_up(work.columns, width);
    auto const mine = rectangle::of(work.members, cut.count(), vectors);
    auto const panel = panel_cut::of(mine.vectors.end - mine.vectors.begin, tile_vectors);
    std::int64_t v = mine.vectors.begin;
    constexpr std::int64_t all = vectors_if_static;
    if constexpr (all == 0 || all == 3 || all > 4) {
      for (std::int64_t i = 0; i < panel.wide; ++i, v += 3) run_panel<3>(work, cut, mine.tiles, v);
    }
    if constexpr (all != 1 && all != 3) {
      for (std::int64_t i = 0; i < panel.medium; ++i, v += 2)
        run_panel<2>(work, cut, mine.tiles, v);
    }
    if constexpr (all <= 1) {
      for (std::int64_t i = 0; i < panel.narrow; ++i, v += 1)
        run_panel<1>(work, cut, mine.tiles, v);
    }
  }

  // Chooses the type of the last vector's lane count.
  template <int Vectors, class Job>
  static void run_panel(Job const& work, row_cut cut, span_of_work tiles, std::int64_t v) {
    std::int64_t const left = work.columns - (v + Vectors - 1) * width;
    if constexpr (Shape.n != 0 && Shape.n % width == 0) {
      run_tiles<Vectors>(work, cut, tiles, v, lanes<width>{});
    } else if (left >= width) {
      if constexpr (Shape.n == 0 || Shape.n > Vectors * width) {
        run_tiles<Vectors>(work, cut, tiles, v, lanes<width>{});
      }
    } else if constexpr (Shape.n != 0) {
      run_tiles<Vectors>(work, cut, tiles, v, lanes<static_cast<int>(Shape.n % width)>{});
    } else {
      run_tiles<Vectors>(work, cut, tiles, v, static_cast<int>(left));
    }
  }

  template <int Vectors, class Job, class Tail>
  static void run_tiles(Job const& work, row_cut cut, span_of_work tiles, std::int64_t v,
                        Tail tail) {
    if (tiles.begin == tiles.end) return;
    std::int64_t const column = work.column + v * width;
    packed_cursor<T, Arch, Vectors> const packed{work.b_panel};
    if constexpr (b_in_place) {
      constexpr std::int64_t stride = B::stride_if_static;
      column_cursor<T, Arch, Vectors, stride, Tail> const plain{work.b.at(work.begin, column),
                                                                work.b.source.stride(), tail};
      auto t = tiles.begin;
      if constexpr (stride == 0 || stride >= packed_from) {
        packing_cursor<T, Arch, Vectors, std::remove_cv_t<decltype(plain)>> const packing{
            plain, work.b_panel};
        auto const whole = std::min(tiles.end, work.rows / rows_limit);
        if (t < whole) run_tile<Vectors>(lanes<rows_limit>{}, work, cut, t++, v, packing, tail);
        for (; t < whole; ++t)
          run_tile<Vectors>(lanes<rows_limit>{}, work, cut, t, v, packed, tail);
        for (; t < tiles.end; ++t) run_any_tile<Vectors>(work, cut, t, v, plain, tail);
      } else {
        for (; t < tiles.end; ++t) run_any_tile<Vectors>(work, cut, t, v, plain, tail);
      }
    } else {
      std::int64_t const columns = (Vectors - 1) * width + tail;
      if constexpr (!Shape.transposed_b) {
        pack_columns<T, Arch>(work.b, column, columns, work.begin, work.steps, work.b_panel,
                              Vectors);
      } else {
        pack_columns_transposed<T, Arch>(with_stride(work.b), column, columns, work.begin,
                                         work.steps, work.b_panel, Vectors);
      }
      for (auto t = tiles.begin; t < tiles.end; ++t) {
        run_any_tile<Vectors>(work, cut, t, v, packed, tail);
      }
    }
  }

  template <int Vectors, class Job, class Columns, class Tail>
  [[gnu::always_inline]] static void run_any_tile(Job const& work, row_cut cut, std::int64_t t,
                                                  std::int64_t v, Columns columns, Tail tail) {
    int const height = cut.tile(t).height;
    if (height == rows_limit) {
      run_tile<Vectors>(lanes<rows_limit>{}, work, cut, t, v, columns, tail);
    } else if constexpr (Shape.m == 0 || Shape.m % rows_limit != 0) {
      run_tile<Vectors>(lanes<rows_limit / 2>{}, work, cut, t, v, columns, tail);
    }
  }

  template <int Vectors, int Height, class Job, class Columns, class Tail>
  [[gnu::always_inline]] static void run_tile(lanes<Height>, Job const& work, row_cut cut,
                                              std::int64_t t, std::int64_t v, Columns columns,
                                              Tail tail) {
    row_tile const at = cut.tile(t);
    std::int64_t const group = divide_up(work.columns, width);
    tile_place<T> const place{work.row + at.row,
                              work.column + v * width,
                              at.skip,
                              work.steps,
                              work.c_block + (t * group + v) * rows_limit * width,
                              work.first,
                              work.last};
    compute_tile<Height, Vectors, may_split, Arch>(place, rows_at(work, at.row), columns, tail,
                                                   work.epilogue);
  }

  // A cursor at the first step of the block's row `row`.
  template <class Job>
  [[gnu::always_inline]] static auto rows_at(Job const& work, std::int64_t row) {
    if constexpr (a_in_place) {
      constexpr std::int64_t stride = A::stride_if_static;
      if constexpr (Shape.transposed_a) {
        return row_cursor<T, 1, stride>{work.a.at(work.begin, work.row + row), 1,
                                        work.a.source.stride()};
      } else {
        return row_cursor<T, stride, 1>{work.a.at(work.row + row, work.begin),
                                        work.a.source.stride(), 1};
      }
    } else if constexpr (Shape.transposed_a) {
      return row_cursor<T, 1, a_stride>{work.a_block + row, 1, a_stride};
    } else {
      return row_cursor<T, a_stride, 1>{work.a_block + row * a_stride, a_stride, 1};
    }
  }
};

}  // namespace typegrad::on_cpu::detail

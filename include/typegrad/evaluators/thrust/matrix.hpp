// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/epilogue.hpp>
#include <typegrad/evaluators/thrust/tensor_tile.hpp>

// What all matrix products have in common, be their operands dense or windows over images. A long
// contracted axis is cut into chunks where the result has too few tiles to keep a device busy; the
// last block of a tile to finish adds their sums up, in order. The cut depends on the extents and
// the batch size alone.

TYPEGRAD_ON_THRUST_BEGIN

/// Tiles that keep a device busy, and the least that a chunk of the contracted axis is worth.
inline constexpr std::int64_t enough_tiles = 256;
inline constexpr std::int64_t least_chunk = 128;

/// Into how many chunks of which length an axis of `inner` is cut for `tiles` tiles.
struct tile_cut {
  std::int64_t chunks, chunk;
};
constexpr tile_cut cut_inner(std::int64_t tiles, std::int64_t inner, int depth) {
  std::int64_t chunks = tiles > 0 && tiles < enough_tiles ? (enough_tiles + tiles - 1) / tiles : 1;
  std::int64_t const worth = inner / least_chunk;
  chunks = chunks < worth ? chunks : worth;
  if (chunks < 1) chunks = 1;
  std::int64_t const chunk = ((inner + chunks - 1) / chunks + depth - 1) / depth * depth;
  return {inner == 0 ? 1 : (inner + chunk - 1) / chunk, chunk};
}

struct timed_tile {
  tile_shape shape;
  double cycles;
};
/// The tile that is fastest for a product of about this size, and how long it takes, as a simple
/// model of a device has it: 132 processors of 128 multiply-adds a cycle, of which a tile of each
/// size reaches a share that was measured; 800 cycles for fetches that nothing hides; 16 sums a
/// cycle to merge chunks.
constexpr timed_tile tile_for(std::int64_t rows, std::int64_t columns, std::int64_t inner,
                              bool on_tensor_cores) {
  struct candidate {
    tile_shape shape;
    double share;
  };
  constexpr candidate plain[] = {{{128, 64, 16, 8, 4, 1, 2}, 0.5},
                                 {{64, 64, 16, 4, 4, 1, 3}, 0.5},
                                 {{128, 32, 16, 4, 4, 1, 3}, 0.42},
                                 {{32, 32, 32, 4, 4, 4, 3}, 0.35},
                                 {{16, 16, 128, 4, 4, 1, 2}, 0.2}};
  constexpr candidate tensor[] = {{{128, 64, 16, 8, 4, 1, 2}, 1.2},
                                  {{64, 64, 16, 4, 4, 1, 3}, 1.1},
                                  {{128, 32, 16, 4, 4, 1, 3}, 0.8},
                                  {{32, 32, 32, 4, 4, 4, 3}, 0.5},
                                  {{16, 16, 128, 4, 4, 1, 2}, 0.2}};
  candidate const(&all)[5] = on_tensor_cores ? tensor : plain;
  tile_shape best = all[0].shape;
  double least = 1e300;
  for (candidate const& c : all) {
    tile_shape const& s = c.shape;
    std::int64_t const tiles =
        (rows + s.rows - 1) / s.rows * ((columns + s.columns - 1) / s.columns);
    tile_cut const cut = cut_inner(tiles, inner, s.depth);
    auto const blocks = static_cast<double>((tiles * cut.chunks + 131) / 132);
    auto const length = static_cast<double>(cut.chunk);
    double const busy = blocks * s.rows * s.columns * length / (128 * c.share);
    auto const waves = static_cast<double>((tiles * cut.chunks + 395) / 396);
    double const waiting = waves * length / (s.depth * s.ahead) * 800;
    double const merging =
        cut.chunks > 1 ? 1500 + static_cast<double>(cut.chunks) * s.rows * s.columns / 16 : 0;
    double const cycles = (busy > waiting ? busy : waiting) + merging;
    if (cycles >= least) continue;
    least = cycles;
    best = s;
    auto const stages = static_cast<int>((cut.chunk + s.depth - 1) / s.depth);
    if (stages < best.ahead) best.ahead = stages < 1 ? 1 : stages;
  }
  return {best, least};
}

/// How float32 products are computed: as they are, or on tensor cores, which take 11 bits of
/// precision. 16-bit products are on tensor cores in any case.
enum class arithmetic { float32, tensor_float32 };

/// A step's matrix product. `Operands` says how its operands are found:
///   using left, right          operands as tile.hpp describes them
///   static left left_of(arguments const&, std::int64_t loop); right_of likewise
/// `Shape`: of the tiles; without rows, it is chosen.
template <class Source, class Operands, arithmetic Arithmetic, tile_shape Shape = tile_shape{0}>
struct matrix_kernel : step_epilogue<Source> {
  using base = step_epilogue<Source>;
  using body = step_body<Source>;
  using typename base::arguments;
  using typename base::real;
  static constexpr auto const& info = base::info;
  static constexpr auto const& p = base::info.product;
  using left = typename Operands::left;
  using right = typename Operands::right;

  static constexpr std::int64_t row_extent = p.rows.extent;
  static constexpr bool rows_batched = p.rows.batch, inner_batched = p.inner.batch;
  static constexpr int loops = p.loops;

  static std::int64_t rows_of(std::int64_t batch_size) {
    return row_extent * (rows_batched ? batch_size : 1);
  }
  static std::int64_t inner_of(std::int64_t batch_size) {
    return Operands::inner * (inner_batched ? batch_size : 1);
  }
  static constexpr std::int64_t columns = p.columns.extent;

  static constexpr bool on_tensor_cores =
      !std::is_same_v<real, double> &&
      (Arithmetic == arithmetic::tensor_float32 || sizeof(typename Operands::element) == 2);
  // Batches that the type does not know are taken for 128.
  static constexpr tile_shape shape =
      Shape.rows > 0 ? Shape
                     : tile_for(p.rows.extent * (p.rows.batch ? 128 : 1), columns,
                                Operands::inner*(p.inner.batch ? 128 : 1), on_tensor_cores)
                           .shape;
  static constexpr int threads = 256;
  static constexpr int blocks = shape.blocks;
#if TYPEGRAD_CUDA
  using product_of_tile =
      std::conditional_t<on_tensor_cores, tensor_tile_product<shape, left, right>,
                         tile_product<shape, left, right>>;
#endif
  static constexpr std::int64_t column_tiles = (columns + shape.columns - 1) / shape.columns;

  /// How the product is cut, for a batch size: computed on the host, since divisions by what is not
  /// a constant take long on a device.
  struct plan {
    std::int64_t rows, inner, chunk;
    unsigned row_tiles, tiles_of_c, chunks;
  };
  static plan plan_of(std::int64_t batch_size) {
    plan c{};
    std::int64_t const loop_count = body::template positions<0, loops>(batch_size);
    c.rows = rows_of(batch_size);
    std::int64_t const row_tiles = (c.rows + shape.rows - 1) / shape.rows;
    std::int64_t const tiles_of_c = loop_count * row_tiles * column_tiles;
    c.inner = inner_of(batch_size);
    tile_cut const cut = cut_inner(tiles_of_c, c.inner, shape.depth);
    c.chunk = cut.chunk;
    c.row_tiles = static_cast<unsigned>(row_tiles);
    c.tiles_of_c = static_cast<unsigned>(tiles_of_c);
    c.chunks = static_cast<unsigned>(cut.chunks);
    return c;
  }

  static std::int64_t tiles(std::int64_t batch_size) {
    plan const c = plan_of(batch_size);
    return std::int64_t{c.tiles_of_c} * c.chunks;
  }
  /// The sums of each chunk of each tile of C.
  static std::int64_t scratch_bytes(std::int64_t batch_size) {
    plan const c = plan_of(batch_size);
    if (c.chunks == 1) return 0;
    return std::int64_t{c.chunks} * c.tiles_of_c * tile_elements * std::int64_t{sizeof(real)};
  }
  static constexpr std::int64_t tile_elements = shape.rows * shape.columns;
  static_assert(enough_tiles <= most_counters);
#if !TYPEGRAD_CUDA
  static std::int64_t merging_tiles(std::int64_t batch_size) {
    plan const c = plan_of(batch_size);
    return c.chunks > 1 ? c.tiles_of_c : 0;
  }
#endif
  static constexpr std::size_t shared_bytes() {
#if TYPEGRAD_CUDA
    return product_of_tile::shared_bytes;
#else
    return 0;
#endif
  }

  template <int Size>
  TYPEGRAD_DEVICE static void tile(group<Size> const& g, std::int64_t t, arguments const& a,
                                   plan const& c) {
    auto const all = static_cast<unsigned>(t);
    unsigned const chunk = all / c.tiles_of_c;
    unsigned const number = all % c.tiles_of_c;
    place const at = place_of(c, number);
    std::int64_t const begin = chunk * c.chunk;
    std::int64_t const end = begin + c.chunk < c.inner ? begin + c.chunk : c.inner;
    left const x = Operands::left_of(a, at.loop);
    right const y = Operands::right_of(a, at.loop);
#if TYPEGRAD_CUDA
    real const* sums = product_of_tile::run(g, x, y, at.row, at.column, begin, end);
    if (c.chunks > 1) {
      real* const mine = partial(a, c, number, chunk);
      for (int e = 4 * g.rank(); e < tile_elements; e += 4 * Size)
        *reinterpret_cast<pack<real, 4>*>(mine + e) =
            *reinterpret_cast<pack<real, 4> const*>(sums + e);
      if (!last_of(g, c.chunks, a.run.counters + number)) return;
      auto* const total = reinterpret_cast<real*>(g.shared);
      for (int e = 4 * g.rank(); e < tile_elements; e += 4 * Size) {
        pack<real, 4> all{};
        for (unsigned k = 0; k < c.chunks; ++k) {
          auto const some = *reinterpret_cast<pack<real, 4> const*>(partial(a, c, number, k) + e);
          TYPEGRAD_UNROLLED
          for (int w = 0; w < 4; ++w) all.at[w] += some.at[w];
        }
        *reinterpret_cast<pack<real, 4>*>(total + e) = all;
      }
      g.sync();
      sums = total;
    }
    constexpr int width = base::width;
    for (int e = g.rank() * width; e < tile_elements; e += Size * width) {
      std::int64_t const r = at.row + e / shape.columns;
      std::int64_t const k = at.column + e % shape.columns;
      if (r < c.rows && k < columns) base::template apply<width>(a, at.loop, r, k, sums + e);
    }
#else
    static_cast<void>(g);
    real sums[shape.columns];
    std::int64_t const last =
        at.column + shape.columns < columns ? at.column + shape.columns : columns;
    for (std::int64_t r = at.row; r < at.row + shape.rows && r < c.rows; ++r) {
      auto const line = x.at(r);
      for (real& s : sums) s = 0;
      for (std::int64_t i = begin; i < end; ++i) {
        real const value = x.one(line, i);
        for (std::int64_t k = at.column; k < last; ++k)
          sums[k - at.column] += value * y.one(y.at(k), i);
      }
      for (std::int64_t k = at.column; k < last; ++k)
        if (c.chunks > 1)
          partial(a, c, number, chunk)[(r - at.row) * shape.columns + k - at.column] =
              sums[k - at.column];
        else
          base::template apply<1>(a, at.loop, r, k, sums + (k - at.column));
    }
#endif
  }

  /// All tiles of the samples at hand, one after the other, by one group.
  template <int Size>
  TYPEGRAD_DEVICE static void all_tiles(group<Size> const& g, arguments const& a) {
    plan c{};
    c.rows = row_extent * (rows_batched ? a.run.samples : 1);
    c.inner = c.chunk = Operands::inner;
    c.row_tiles = static_cast<unsigned>((c.rows + shape.rows - 1) / shape.rows);
    c.tiles_of_c = c.row_tiles * static_cast<unsigned>(column_tiles);
    c.chunks = 1;
    for (unsigned t = 0; t < c.tiles_of_c; ++t) tile(g, t, a, c);
  }

#if !TYPEGRAD_CUDA
  /// Adds up a tile's chunks; on a device its last block does.
  template <int Size>
  static void merging_tile(group<Size> const&, std::int64_t t, arguments const& a, plan const& c) {
    auto const number = static_cast<unsigned>(t);
    place const at = place_of(c, number);
    for (std::int64_t e = 0; e < tile_elements; ++e) {
      std::int64_t const r = at.row + e / shape.columns;
      std::int64_t const k = at.column + e % shape.columns;
      if (r >= c.rows || k >= columns) continue;
      real sum = 0;
      for (unsigned chunk = 0; chunk < c.chunks; ++chunk) sum += partial(a, c, number, chunk)[e];
      base::template apply<1>(a, at.loop, r, k, &sum);
    }
  }
#endif

 private:
  struct place {
    std::int64_t loop, row, column;
  };
  TYPEGRAD_DEVICE static place place_of(plan const& c, unsigned tile_of_c) {
    constexpr auto across = static_cast<unsigned>(column_tiles);
    unsigned const rest = tile_of_c / across;
    unsigned const loop = loops == 0 ? 0 : rest / c.row_tiles;
    return {loop, std::int64_t{rest - loop * c.row_tiles} * shape.rows,
            std::int64_t{tile_of_c % across} * shape.columns};
  }
  /// The sums of a chunk of a tile of C.
  TYPEGRAD_DEVICE static real* partial(arguments const& a, plan const& c, unsigned tile_of_c,
                                       unsigned chunk) {
    return reinterpret_cast<real*>(a.run.scratch) +
           (std::int64_t{chunk} * c.tiles_of_c + tile_of_c) * tile_elements;
  }
};

TYPEGRAD_ON_THRUST_END

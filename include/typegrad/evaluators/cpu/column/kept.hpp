// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/column/body.hpp>

// Reductions that keep axes behind the reduced ones, as bias gradients and the statistics of batch
// normalization do. Some vectors of columns stand side by side, in registers over all rows of a
// chunk. Where few columns are kept there are several chunks, whose results are added up in order.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

template <class Source, class Arch>
struct kept_columns : column_body<Source, Arch> {
  using base = column_body<Source, Arch>;
  using body = step_body<Source, Arch>;
  using base::from;
  using base::rank;
  using base::to;
  using base::width;
  using typename base::position;
  using typename base::real;
  using typename base::sums;
  static constexpr auto const& info = body::info;

  static constexpr std::int64_t columns = info.axes[rank - 1].extent;
  static constexpr std::int64_t all_vectors = (columns + width - 1) / width;

  /// Instructions of the body that are copied for each vector in registers.
  static constexpr int cost() {
    int n = 0;
    for (int i = 0; i < body::count; ++i) n += body::at(i).varies;
    return n;
  }
  /// Vectors side by side: up to four (two of a long body), as even as can be.
  static constexpr std::int64_t most_side = cost() > 10 ? 2 : 4;
  static constexpr std::int64_t blocks = (all_vectors + most_side - 1) / most_side;
  static constexpr int side = static_cast<int>((all_vectors + blocks - 1) / blocks);
  static constexpr int last_side = static_cast<int>(all_vectors - (blocks - 1) * side);
  static constexpr int tail = columns % width != 0 ? static_cast<int>(columns % width) : width;

  /// What is kept, in pieces of one block; 0 if their number is only known at run time.
  static constexpr std::int64_t static_pieces() {
    std::int64_t n = blocks;
    for (int i = 0; i < rank - 1; ++i)
      if (i < from || i >= to) n *= info.axes[i].batch ? 0 : info.axes[i].extent;
    return n;
  }
  /// Few pieces are cut into chunks of reduced rows, up to so many, of at least some 16 KiB.
  static constexpr std::int64_t wanted = 64;
  static constexpr std::int64_t most_chunks = static_pieces() > 0 && static_pieces() <= wanted / 2
                                                  ? wanted / static_pieces()
                                                  : 1;
  static constexpr std::int64_t least_rows = 4096 / (side * width) > 64 ? 4096 / (side * width)
                                                                        : 64;
  /// Below this many elements the team's first member works alone.
  static constexpr std::int64_t parallel_from = 16384;

  /// Elements of one piece's partial results, for every store.
  static constexpr std::int64_t partial_size = std::int64_t{info.store_count} * side * width;

  static constexpr std::size_t scratch_bytes() {
    if (most_chunks == 1) return 0;
    return static_cast<std::size_t>(most_chunks * static_pieces() * partial_size) * sizeof(real);
  }

  static void run(team const& members, void* const* slots, run_context const& run) {
    std::int64_t const reduced = body::positions(from, to, run);
    std::int64_t const rows = body::positions(to, rank - 1, run);  // kept axes but the last
    std::int64_t const pieces = body::positions(0, from, run) * rows * blocks;
    bool const alone = pieces * side * width * reduced < parallel_from;
    if (alone && members.index != 0) return;
    team const workers = alone ? team{} : members;
    std::int64_t chunk = reduced;
    if (most_chunks > 1 && !alone) {
      chunk = (reduced + most_chunks - 1) / most_chunks;
      chunk = chunk < least_rows ? least_rows : chunk;
    }
    std::int64_t const chunks = chunk > 0 ? (reduced + chunk - 1) / chunk : 1;
    auto* const partials = reinterpret_cast<real*>(run.scratch);
    auto const [first, last] = workers.part(chunks * pieces);
    for (std::int64_t i = first; i < last; ++i) {
      alignas(64) real here[partial_size];
      std::int64_t const piece = i % pieces, row = i / pieces * chunk;
      span_of_work const part{row, row + chunk < reduced ? row + chunk : reduced};
      real* const out = chunks > 1 ? partials + i * partial_size : here;
      position const p = place(piece, rows);
      if (last_block_differs && piece % blocks == blocks - 1)
        reduce<last_side, tail>(slots, p, (blocks - 1) * side * width, part, run, out);
      else
        reduce<side, (blocks > 1 ? width : tail)>(slots, p, piece % blocks * side * width, part,
                                                  run, out);
      if (chunks == 1) finish(slots, p, piece % blocks, out, 1, 0);
    }
    if (chunks == 1) return;
    workers.barrier();
    auto const mine = workers.part(pieces);
    for (std::int64_t piece = mine.begin; piece < mine.end; ++piece)
      finish(slots, place(piece, rows), piece % blocks, partials + piece * partial_size, chunks,
             pieces * partial_size);
  }

 private:
  static constexpr bool last_block_differs = blocks > 1 && (last_side != side || tail != width);

  /// Where a piece lies along the axes that are kept.
  static position place(std::int64_t piece, std::int64_t rows) {
    position p;
    body::template locate<to, rank - 1>(piece / blocks % rows, p);
    body::template locate<0, from>(piece / blocks / rows, p);
    return p;
  }

  template <int Count, class F>
  TYPEGRAD_INLINE static void times(F&& f) {
    [&]<std::size_t... K>(std::index_sequence<K...>) __attribute__((always_inline)) {
      (f.template operator()<static_cast<int>(K)>(), ...);
    }(std::make_index_sequence<static_cast<std::size_t>(Count)>{});
  }

  /// Reduces rows of `Vectors` vectors of columns from j on, the last of which has `Tail` lanes.
  template <int Vectors, int Tail>
  [[gnu::noinline]] static void reduce(void* const* slots, position p, std::int64_t j,
                                       span_of_work part, run_context const& run, real* out) {
    // at least four sums side by side hide the latency of adding
    constexpr int unroll = most_side < 4 ? 1 : Vectors == 1 ? 4 : Vectors < 4 ? 2 : 1;
    constexpr int axis = to - 1;
    auto const lanes_of = []<int V>() { return lanes<V == Vectors - 1 ? Tail : width>{}; };
    sums s[unroll * Vectors];
    times<unroll * Vectors>([&]<int K>() __attribute__((always_inline)) { base::start(s[K]); });
    std::int64_t const length = body::length(axis, run);
    for (std::int64_t r = part.begin; r < part.end;) {
      body::template locate<from, to>(r, p);
      std::int64_t i = p.along[axis];
      std::int64_t const end = length - i < part.end - r ? length : i + part.end - r;
      r += end - i;
      for (; i + unroll <= end; i += unroll)
        times<unroll * Vectors>([&]<int K>() __attribute__((always_inline)) {
          constexpr int v = K % Vectors;
          p.along[axis] = i + K / Vectors;
          base::add(s[K], slots, p, j + v * width, lanes_of.template operator()<v>(), run,
                    lanes<width>{});
        });
      if constexpr (unroll > 1)
        for (; i < end; ++i)
          times<Vectors>([&]<int K>() __attribute__((always_inline)) {
            p.along[axis] = i;
            base::add(s[K], slots, p, j + K * width, lanes_of.template operator()<K>(), run,
                      lanes<width>{});
          });
    }
    times<Vectors>([&]<int V>() __attribute__((always_inline)) {
      body::each_store([&]<int K>() __attribute__((always_inline)) {
        constexpr int I = body::store_at(K).value;
        auto& sum = base::template cell<I>(s[V]);
        times<unroll - 1>([&]<int U>() __attribute__((always_inline)) {
          sum.merge(base::template cell<I>(s[(U + 1) * Vectors + V]));
        });
        base::result(sum).store_aligned(elements<I>(out) + (K * side + V) * width);
      });
    });
  }

  /// Partial results as what they are of instruction I; all have the size of a real.
  template <int I>
  TYPEGRAD_INLINE static auto* elements(real* p) {
    using element = typename body::template scalar<I>;
    static_assert(sizeof(element) == sizeof(real));
    return reinterpret_cast<element*>(p);
  }

  /// Adds up one piece's partial results, which lie `distance` apart, and stores the result.
  [[gnu::noinline]] static void finish(void* const* slots, position const& p, std::int64_t block,
                                       real* partial, std::int64_t chunks, std::int64_t distance) {
    std::int64_t const begin = block * side * width;
    for (std::int64_t j = begin; j < begin + side * width && j < columns; j += width) {
      sums s;
      base::start(s);
      int const n = static_cast<int>(columns - j < width ? columns - j : width);
      body::each_store([&]<int K>() __attribute__((always_inline)) {
        constexpr store x = body::store_at(K);
        auto& sum = base::template cell<x.value>(s);
        using vector = typename body::template vector<x.value>;
        for (std::int64_t k = 0; k < chunks; ++k)
          sum.add(vector::load_aligned(elements<x.value>(partial + k * distance) +
                                       K * side * width + (j - begin)),
                  0, lanes<width>{});
        auto* const to_store = static_cast<memory_of<x.type>*>(slots[x.slot]);
        constexpr std::int64_t stride = x.where.strides[rank - 1];
        detail::store_lanes<real, Arch, x.type>(
            to_store + body::template offset<rank - 1>(x.where, p) + stride * j, stride,
            base::result(sum), n);
      });
    }
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

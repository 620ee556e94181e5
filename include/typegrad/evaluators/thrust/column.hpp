// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/body.hpp>
#include <typegrad/evaluators/thrust/reduce.hpp>

// Reductions over leading axes, over the batch, or over everything. The reduced positions are cut
// into chunks, as many as the extents and the batch size say and nothing else; where there are
// several, a second stage merges their states. A block's threads stand along the kept axes first,
// then along the reduced ones.

TYPEGRAD_ON_THRUST_BEGIN

template <class Source>
struct column_kernel : step_body<Source> {
  using body = step_body<Source>;
  using typename body::arguments;
  using typename body::position;
  static constexpr auto const& info = body::info;
  static constexpr int rank = body::rank;
  static constexpr int from = info.reduced_from;
  static constexpr int to = info.reduced_to;

  static constexpr std::int64_t kept_count() {
    std::int64_t n = 1;
    for (int i = to; i < rank; ++i) n *= info.axes[i].extent;
    return n;
  }
  static constexpr std::int64_t kept = kept_count();

  static constexpr int threads = 256;
  /// Neighbouring columns of a thread: 16 bytes of what is read.
  static constexpr int choose_column_width() {
    if (rank == 0 || to == rank) return 1;
    std::int64_t largest = 1;
    for (int i = 0; i < body::count; ++i)
      if (body::at(i).code == op::input && bytes_of(body::at(i).type) > largest)
        largest = bytes_of(body::at(i).type);
    int const n = largest >= 8 ? 2 : largest == 4 ? 4 : 8;
    return info.axes[rank - 1].extent % n == 0 ? n : 1;
  }
  static constexpr int width = choose_column_width();
  /// Threads along the kept axes: a power of 2.
  static constexpr int across() {
    int n = 1;
    while (n * width < kept && n < 32) n *= 2;
    return n;
  }
  static constexpr int wide = across();
  static constexpr int high = group_size(threads) == 1 ? 1 : threads / wide;
  static constexpr std::int64_t strips = (kept + wide * width - 1) / (wide * width);

  /// How the reduced positions are cut, for a batch size; see matrix.hpp.
  struct plan {
    std::int64_t outer, reduced, chunk;
    unsigned chunks;
  };
  static plan plan_of(std::int64_t batch_size) {
    constexpr std::int64_t least = 16 * threads / wide;  // positions of a chunk
    constexpr std::int64_t enough = most_counters;       // tiles that keep a device busy
    plan c{};
    c.outer = body::template positions<0, from>(batch_size);
    c.reduced = body::template positions<from, to>(batch_size);
    std::int64_t const tiles = c.outer * strips;
    std::int64_t chunks = c.reduced / least;
    std::int64_t const most = enough / (tiles > 0 ? tiles : 1);
    chunks = chunks < most ? chunks : most;
    if (chunks < 1) chunks = 1;
    c.chunk = (c.reduced + chunks - 1) / chunks;
    if (c.chunk < 1) c.chunk = 1;
    c.chunks = c.reduced == 0 ? 1U : static_cast<unsigned>((c.reduced + c.chunk - 1) / c.chunk);
    return c;
  }

  template <int K>
  using state_of = reducer<body::at(body::store_at(K).value).code,
                           register_of<body::at(body::at(body::store_at(K).value).a).type>>;
  using typename body::store_indices;

  static std::int64_t tiles(std::int64_t batch_size) {
    plan const c = plan_of(batch_size);
    return c.outer * c.chunks * strips;
  }
#if !TYPEGRAD_CUDA
  static std::int64_t merging_tiles(std::int64_t batch_size) {
    plan const c = plan_of(batch_size);
    return c.chunks > 1 ? c.outer * strips : 0;
  }
#endif
  /// The states of each chunk.
  static std::int64_t scratch_bytes(std::int64_t batch_size) {
    plan const c = plan_of(batch_size);
    if (c.chunks == 1) return 0;
    return info.store_count * c.outer * c.chunks * kept * state_bytes;
  }
  static constexpr std::size_t shared_bytes() {
    return TYPEGRAD_CUDA ? std::size_t{threads} * state_bytes : 0;
  }

  template <int Size>
  TYPEGRAD_DEVICE static void tile(group<Size> const& g, std::int64_t t, arguments const& a,
                                   plan const& c) {
    constexpr auto across_strips = static_cast<unsigned>(strips);
    auto const all = static_cast<unsigned>(t);
    unsigned const rest = all / across_strips;
    unsigned const outer = rest / c.chunks;
    place const at = place_of(g, all % across_strips, outer, rest - outer * c.chunks);
    states s;
    start(s, store_indices{});
    std::int64_t const begin = at.chunk * c.chunk;
    std::int64_t const end = begin + c.chunk < c.reduced ? begin + c.chunk : c.reduced;
    for_columns(at, [&](std::int64_t column) {
      position p;
      body::template locate<0, from>(at.outer, p);
      body::template locate<to, rank>(column < kept ? column : kept - width, p);
      TYPEGRAD_UNROLLED_BY_4
      for (std::int64_t r = begin + at.y; r < end; r += high) {
        body::template locate<from, to>(r, p);
        typename body::template cells<width> values;
        body::compute_all(values, a, p);
        add(s, values, r, store_indices{});
      }
      hand_in(g, s, at, column, c, a, c.chunks > 1, store_indices{});
    });
#if TYPEGRAD_CUDA
    std::int64_t const strip = at.outer * strips + at.strip;
    if (c.chunks > 1 && last_of(g, c.chunks, a.run.counters + strip)) merging_tile(g, strip, a, c);
#endif
  }

  template <int Size>
  TYPEGRAD_DEVICE static void merging_tile(group<Size> const& g, std::int64_t t, arguments const& a,
                                           plan const& c) {
    constexpr auto across_strips = static_cast<unsigned>(strips);
    auto const all = static_cast<unsigned>(t);
    place const at = place_of(g, all % across_strips, all / across_strips, 0);
    states s;
    start(s, store_indices{});
    for_columns(at, [&](std::int64_t column) {
      for (std::int64_t chunk = at.y; chunk < c.chunks; chunk += high)
        merge(s, at.outer, chunk, column, c, a, store_indices{});
      hand_in(g, s, at, column, c, a, false, store_indices{});
    });
  }

 private:
  static constexpr std::int64_t state_bytes = 16;

  struct place {
    std::int64_t strip, outer, chunk;
    int x, y;  ///< the thread's: along the kept axes and along the reduced ones
  };
  template <int Size>
  TYPEGRAD_DEVICE static place place_of(group<Size> const& g, std::int64_t strip,
                                        std::int64_t outer, std::int64_t chunk) {
    return {strip, outer, chunk, g.rank() % wide, g.rank() / wide};
  }
  /// Calls f(column) for the first of each `width` columns of the thread: its own, or of a lone one
  /// all of the strip. Columns beyond the last are computed as if they were the last, not stored.
  template <class F>
  TYPEGRAD_DEVICE static void for_columns(place const& at, F f) {
#if TYPEGRAD_CUDA
    f((at.strip * wide + at.x) * width);
#else
    for (std::int64_t x = 0; x < wide; ++x) f((at.strip * wide + x) * width);
#endif
  }

  template <int K>
  struct state_cell {
    state_of<K> state[width];
  };
  template <class Sequence>
  struct all_states;
  template <std::size_t... K>
  struct all_states<std::index_sequence<K...>> : state_cell<static_cast<int>(K)>... {};
  using states = all_states<store_indices>;

  template <int K>
  TYPEGRAD_DEVICE static auto& get_state(states& s) {
    static_assert(sizeof(state_of<K>) <= state_bytes);
    return static_cast<state_cell<K>&>(s).state;
  }
  template <std::size_t... K>
  TYPEGRAD_DEVICE static void start(states& s, std::index_sequence<K...>) {
    (start_one<static_cast<int>(K)>(s), ...);
  }
  template <int K>
  TYPEGRAD_DEVICE static void start_one(states& s) {
    TYPEGRAD_UNROLLED
    for (int w = 0; w < width; ++w) get_state<K>(s)[w].start();
  }
  template <std::size_t... K>
  TYPEGRAD_DEVICE static void add(states& s, typename body::template cells<width>& values,
                                  std::int64_t r, std::index_sequence<K...>) {
    (add_one<static_cast<int>(K)>(s, values, r), ...);
  }
  template <int K>
  TYPEGRAD_DEVICE static void add_one(states& s, typename body::template cells<width>& values,
                                      std::int64_t r) {
    constexpr int operand = body::at(body::store_at(K).value).a;
    TYPEGRAD_UNROLLED
    for (int w = 0; w < width; ++w)
      get_state<K>(s)[w].add(body::template get<operand, width>(values).at[w], r);
  }

  /// The state of a chunk, in scratch memory.
  template <int K>
  TYPEGRAD_DEVICE static state_of<K>* kept_state(std::int64_t outer, std::int64_t chunk,
                                                 std::int64_t column, plan const& c,
                                                 arguments const& a) {
    // each kind of state has room for the largest, and lies without gaps
    std::int64_t const before = K * c.outer * c.chunks * kept * state_bytes;
    return reinterpret_cast<state_of<K>*>(a.run.scratch + before) +
           (outer * c.chunks + chunk) * kept + column;
  }
  template <std::size_t... K>
  TYPEGRAD_DEVICE static void merge(states& s, std::int64_t outer, std::int64_t chunk,
                                    std::int64_t column, plan const& c, arguments const& a,
                                    std::index_sequence<K...>) {
    if (column < kept) (merge_one<static_cast<int>(K)>(s, outer, chunk, column, c, a), ...);
  }
  template <int K>
  TYPEGRAD_DEVICE static void merge_one(states& s, std::int64_t outer, std::int64_t chunk,
                                        std::int64_t column, plan const& c, arguments const& a) {
    state_of<K> const* const theirs = kept_state<K>(outer, chunk, column, c, a);
    TYPEGRAD_UNROLLED
    for (int w = 0; w < width; ++w) get_state<K>(s)[w].merge(theirs[w]);
  }

  /// Merges what the threads of a column have and stores it, as a chunk's state or as the result.
  template <int Size, std::size_t... K>
  TYPEGRAD_DEVICE static void hand_in(group<Size> const& g, states& s, place const& at,
                                      std::int64_t column, plan const& c, arguments const& a,
                                      bool as_chunk, std::index_sequence<K...>) {
    for (int w = 0; w < width; ++w)
      (hand_in_one<static_cast<int>(K)>(g, get_state<static_cast<int>(K)>(s)[w], at, column + w, c,
                                        a, as_chunk),
       ...);
  }
  template <int K, int Size>
  TYPEGRAD_DEVICE static void hand_in_one(group<Size> const& g, state_of<K>& mine, place const& at,
                                          std::int64_t column, plan const& c, arguments const& a,
                                          bool as_chunk) {
#if TYPEGRAD_CUDA
    auto* const all = reinterpret_cast<state_of<K>*>(g.shared);
    g.sync();
    all[at.y * wide + at.x] = mine;
    g.sync();
    for (int half = high / 2; half > 0; half /= 2) {
      if (at.y < half) {
        mine.merge(all[(at.y + half) * wide + at.x]);
        all[at.y * wide + at.x] = mine;
      }
      g.sync();
    }
#else
    static_cast<void>(g);
#endif
    if (at.y == 0 && column < kept) {
      if (as_chunk) {
        *kept_state<K>(at.outer, at.chunk, column, c, a) = mine;
      } else {
        constexpr store x = body::store_at(K);
        position p;
        body::template locate<0, from>(at.outer, p);
        body::template locate<to, rank>(column, p);
        std::int64_t where = x.where.offset;
        for (int i = 0; i < rank; ++i)
          if (i < from || i >= to) where += x.where.strides[i] * p.along[i];
        static_cast<memory_of<x.type>*>(a.slots[x.slot])[where] =
            to_memory<x.type>(converted<x.type>(mine.finish()));
      }
    }
    mine.start();  // a lone thread goes on to the next column
  }
};

TYPEGRAD_ON_THRUST_END

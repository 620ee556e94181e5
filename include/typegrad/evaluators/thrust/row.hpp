// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/phases.hpp>
#include <typegrad/evaluators/thrust/body.hpp>
#include <typegrad/evaluators/thrust/reduce.hpp>

// Row programs: elementwise work and reductions along the innermost axis, phase by phase. A row has
// a warp, or a block if it is long, and its values stay in registers from one phase to the next.
// Rows that are too long for that are walked through once a phase, and what is dear and needed
// again lies in scratch memory.

TYPEGRAD_ON_THRUST_BEGIN

/// How a row is dealt out to threads.
struct row_shape {
  int threads = 1;  ///< for a row
  int vector = 1;   ///< neighbours of a thread
  int vectors = 1;  ///< such runs of a thread, `threads * vector` apart
  bool in_registers = false;
};

/// `arrays`: values of a row that are read; the more, the fewer of each a thread can hold.
constexpr row_shape shape_of_rows(std::int64_t columns, int vector, int arrays) {
  int const most = arrays <= 1 ? 32 : arrays == 2 ? 16 : 8;  // values of a thread
  row_shape s;
  s.vector = vector;
  for (s.threads = group_size(32); s.threads <= group_size(1024); s.threads *= 2) {
    std::int64_t const run = std::int64_t{s.threads} * vector;
    std::int64_t const vectors = (columns + run - 1) / run;
    s.vectors = static_cast<int>(vectors < 1024 ? vectors : 1024);
    std::int64_t const limit = s.threads == group_size(1024) ? 32 : most;
    s.in_registers = vectors * vector <= limit;
    if (s.in_registers || s.threads == group_size(1024)) return s;
  }
  return s;
}

template <class Source>
struct row_kernel : step_body<Source> {
  using body = step_body<Source>;
  using typename body::arguments;
  using typename body::position;
  static constexpr auto const& info = body::info;
  static constexpr int outer_axes = body::rank - 1;
  static constexpr std::int64_t columns = info.axes[body::inner_axis].extent;
  static constexpr phase_needs<body> needs{};
  using phase_indices = std::make_index_sequence<static_cast<std::size_t>(info.phases)>;
  static constexpr int arrays_read() {
    int n = 0;
    for (int i = 0; i < body::count; ++i) n += body::at(i).code == op::input && body::at(i).varies;
    return n;
  }
  static constexpr row_shape shape = shape_of_rows(columns, body::choose_width(), arrays_read());
  static constexpr int vector = shape.in_registers ? shape.vector : 1;
  static constexpr int runs = shape.in_registers ? shape.vectors : 1;
  static constexpr int items = vector * runs;  ///< of a thread, at a time
  static constexpr bool whole = std::int64_t{items} * shape.threads == columns;

  /// Threads of a block, and rows of it.
  static constexpr int threads = shape.threads == 32 ? 256 : shape.threads;
  static constexpr int rows_of_tile = group_size(threads) / shape.threads;

  static constexpr std::int64_t tiles(std::int64_t batch_size) {
    return (body::template positions<0, outer_axes>(batch_size) + rows_of_tile - 1) / rows_of_tile;
  }

  static constexpr int cached_count() {
    int n = 0;
    for (int i = 0; i < body::count; ++i) n += body::at(i).cached;
    return shape.in_registers ? 0 : n;
  }
  static constexpr std::int64_t scratch_bytes(std::int64_t batch_size) {
    return cached_count() * body::template positions<0, outer_axes>(batch_size) * columns *
           std::int64_t{sizeof(double)};
  }

  template <int I>
  static constexpr bool reduces = is_reduction(body::at(I).code) && body::at(I).a >= 0;
  template <int I>
  using state_of = reducer<body::at(I).code, register_of<body::at(body::at(I).a).type>>;

  static constexpr std::size_t shared_bytes() { return most_shared(typename body::indices{}); }

  template <int Size>
  TYPEGRAD_DEVICE static void tile(group<Size> const& g, std::int64_t t, arguments const& a,
                                   no_plan) {
    std::int64_t const row = t * rows_of_tile + g.rank() / shape.threads;
    // all threads of a block come along, for the sake of what they do together
    bool const real = row < body::template positions<0, outer_axes>(a.run.samples);
    if (shape.threads == 32 && !real) return;  // a warp of its own
    position p;
    body::template locate<0, outer_axes>(row, p);
    worker<Size> w(g, a, p, row, g.rank() % shape.threads);
    w.run();
  }

 private:
  template <std::size_t... I>
  static constexpr std::size_t most_shared(std::index_sequence<I...>) {
    std::size_t most = 0;
    auto const larger = [&most](std::size_t bytes) {
      if (bytes > most) most = bytes;
    };
    (larger(shared_of<static_cast<int>(I)>()), ...);
    return most;
  }
  template <int I>
  static constexpr std::size_t shared_of() {
    if constexpr (reduces<I>)
      return combined_bytes<state_of<I>, threads>();
    else
      return 0;
  }
  static constexpr int cache_slot(int instruction) {
    int n = 0;
    for (int i = 0; i < instruction; ++i) n += body::at(i).cached;
    return n;
  }

  /// Values that vary along the row, of all of a thread's runs; the others once.
  template <int I>
  struct row_cell {
    typename body::template value_type<I> at[body::at(I).varies ? items : 1];
  };
  template <class Sequence>
  struct row_cells;
  template <std::size_t... I>
  struct row_cells<std::index_sequence<I...>> : row_cell<static_cast<int>(I)>... {};

  template <int Size>
  struct worker {
    group<Size> const& g;
    arguments const& a;
    position p;
    std::int64_t row;
    int rank;  ///< of this thread in its row
    row_cells<typename body::indices> c;

    TYPEGRAD_DEVICE worker(group<Size> const& group_, arguments const& arguments_,
                           position const& at, std::int64_t row_, int rank_)
        : g{group_}, a{arguments_}, p{at}, row{row_}, rank{rank_} {}
    TYPEGRAD_DEVICE void run() { phases(phase_indices{}); }

   private:
    template <int I>
    TYPEGRAD_DEVICE auto& cell() {
      return static_cast<row_cell<I>&>(c).at;
    }
    /// The value of instruction I for item k.
    template <int I>
    TYPEGRAD_DEVICE auto const& value(int k) {
      return static_cast<row_cell<I>&>(c).at[body::at(I).varies ? k : 0];
    }
    /// The column of the first item of run `r` (and of all that follow where rows are walked).
    TYPEGRAD_DEVICE std::int64_t column(int r, std::int64_t begin) const {
      return begin + (std::int64_t{r} * shape.threads + rank) * vector;
    }

    template <std::size_t... Phase>
    TYPEGRAD_DEVICE void phases(std::index_sequence<Phase...>) {
      (phase<static_cast<int>(Phase)>(typename body::indices{}), ...);
      stores_of_numbers(typename body::store_indices{});
    }

    template <int Phase, std::size_t... I>
    TYPEGRAD_DEVICE void phase(std::index_sequence<I...> all) {
      (number<Phase, static_cast<int>(I)>(), ...);
      if constexpr (needs.any[Phase]) {
        states<Phase, std::index_sequence<I...>> s;
        (start<Phase, static_cast<int>(I)>(s), ...);
        if constexpr (shape.in_registers) {
          items_at<Phase>(0, s, all);
        } else {
          for (std::int64_t begin = 0; begin < columns;
               begin += std::int64_t{shape.threads} * items)
            items_at<Phase>(begin, s, all);
        }
        (finish<Phase, static_cast<int>(I)>(s), ...);
      }
    }

    /// What does not vary along the row.
    template <int Phase, int I>
    TYPEGRAD_DEVICE void number() {
      constexpr instruction n = body::at(I);
      if constexpr (!n.varies && n.phase == Phase && !is_reduction(n.code)) {
        typename body::template cells<1> one;
        operands<I, 1>(one, 0);
        position at = p;
        at.along[body::inner_axis] = 0;
        body::template compute<I, 1>(one, a, at);
        cell<I>()[0] = body::template get<I, 1>(one).at[0];
      }
    }
    template <int I, int Width>
    TYPEGRAD_DEVICE void operands(typename body::template cells<Width>& to, int first) {
      constexpr instruction n = body::at(I);
      if constexpr (n.a >= 0) operand<n.a, Width>(to, first);
      if constexpr (n.b >= 0) operand<n.b, Width>(to, first);
      if constexpr (n.c >= 0) operand<n.c, Width>(to, first);
    }
    template <int O, int Width>
    TYPEGRAD_DEVICE void operand(typename body::template cells<Width>& to, int first) {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w) body::template get<O, Width>(to).at[w] = value<O>(first + w);
    }

    template <int Phase, int I>
    static constexpr bool sums = reduces<I> && body::at(I).phase == Phase + 1;
    template <int Phase, int I>
    struct state_cell {};
    template <int Phase, int I>
    requires(sums<Phase, I>)
    struct state_cell<Phase, I> {
      state_of<I> state;
    };
    template <int Phase, class Sequence>
    struct states;
    template <int Phase, std::size_t... I>
    struct states<Phase, std::index_sequence<I...>> : state_cell<Phase, static_cast<int>(I)>... {};

    template <int Phase, int I, class States>
    TYPEGRAD_DEVICE void start(States& s) {
      if constexpr (sums<Phase, I>) static_cast<state_cell<Phase, I>&>(s).state.start();
    }
    template <int Phase, int I, class States>
    TYPEGRAD_DEVICE void finish(States& s) {
      if constexpr (sums<Phase, I>) {
        auto const& mine = static_cast<state_cell<Phase, I>&>(s).state;
        if constexpr (shape.threads == 32)
          cell<I>()[0] =
              static_cast<typename body::template value_type<I>>(combined_in_warp(mine).finish());
        else
          cell<I>()[0] = static_cast<typename body::template value_type<I>>(
              combined(g, mine, g.shared).finish());
      }
    }

    template <int Phase, class States, std::size_t... I>
    TYPEGRAD_DEVICE void items_at(std::int64_t begin, States& s, std::index_sequence<I...>) {
      (vectors<Phase, static_cast<int>(I)>(begin, s), ...);
      stores<Phase>(begin, typename body::store_indices{});
    }

    /// Whether an instruction has its values from an earlier phase: in registers all have.
    template <int Phase, int I>
    static constexpr bool kept() {
      for (int before = 0; before < Phase && shape.in_registers; ++before)
        if (needs.wanted[before][I]) return true;
      return false;
    }

    template <int Phase, int I, class States>
    TYPEGRAD_DEVICE void vectors(std::int64_t begin, States& s) {
      constexpr instruction n = body::at(I);
      if constexpr (needs.wanted[Phase][I] && !kept<Phase, I>()) {
        constexpr bool scratch = n.cached && !shape.in_registers;
        TYPEGRAD_UNROLLED
        for (int r = 0; r < runs; ++r) {
          std::int64_t const j = column(r, begin);
          if (!whole && j >= columns) break;
          if constexpr (scratch && n.phase < Phase) {
            cell<I>()[r * vector] = from_scratch<I>(j);
          } else {
            typename body::template cells<vector> some;
            operands<I, vector>(some, r * vector);
            position at = p;
            at.along[body::inner_axis] = j;
            body::template compute<I, vector>(some, a, at);
            TYPEGRAD_UNROLLED
            for (int w = 0; w < vector; ++w)
              cell<I>()[r * vector + w] = body::template get<I, vector>(some).at[w];
            if constexpr (scratch) to_scratch<I>(j, cell<I>()[r * vector]);
          }
        }
      }
      if constexpr (sums<Phase, I>) {
        TYPEGRAD_UNROLLED
        for (int r = 0; r < runs; ++r) {
          std::int64_t const j = column(r, begin);
          if (!whole && j >= columns) break;
          TYPEGRAD_UNROLLED
          for (int w = 0; w < vector; ++w)
            static_cast<state_cell<Phase, I>&>(s).state.add(value<n.a>(r * vector + w), j + w);
        }
      }
    }

    template <int I>
    TYPEGRAD_DEVICE auto* scratch() {
      std::int64_t const rows = body::template positions<0, outer_axes>(a.run.samples);
      return reinterpret_cast<typename body::template value_type<I>*>(
          a.run.scratch + (cache_slot(I) * rows + row) * columns * std::int64_t{sizeof(double)});
    }
    template <int I>
    TYPEGRAD_DEVICE auto from_scratch(std::int64_t j) {
      return scratch<I>()[j];
    }
    template <int I>
    TYPEGRAD_DEVICE void to_scratch(std::int64_t j, typename body::template value_type<I> x) {
      if (row < body::template positions<0, outer_axes>(a.run.samples)) scratch<I>()[j] = x;
    }

    template <int Phase, std::size_t... K>
    TYPEGRAD_DEVICE void stores(std::int64_t begin, std::index_sequence<K...>) {
      (store_vectors<Phase, static_cast<int>(K)>(begin), ...);
    }
    template <int Phase, int K>
    TYPEGRAD_DEVICE void store_vectors(std::int64_t begin) {
      constexpr store x = body::store_at(K);
      if constexpr (body::stores_along_inner(x) && body::at(x.value).phase == Phase) {
        TYPEGRAD_UNROLLED
        for (int r = 0; r < runs; ++r) {
          std::int64_t const j = column(r, begin);
          if (!whole && j >= columns) break;
          typename body::template cell<x.value, vector> some;
          TYPEGRAD_UNROLLED
          for (int w = 0; w < vector; ++w) some.at[w] = value<x.value>(r * vector + w);
          position at = p;
          at.along[body::inner_axis] = j;
          body::template write<K, vector>(some, a, at);
        }
      }
    }
    template <std::size_t... K>
    TYPEGRAD_DEVICE void stores_of_numbers(std::index_sequence<K...>) {
      (store_number<static_cast<int>(K)>(), ...);
    }
    template <int K>
    TYPEGRAD_DEVICE void store_number() {
      constexpr store x = body::store_at(K);
      if constexpr (!body::at(x.value).varies && !body::stores_along_inner(x)) {
        if (rank != 0) return;
        typename body::template cell<x.value, 1> one;
        one.at[0] = value<x.value>(0);
        position at = p;
        at.along[body::inner_axis] = 0;
        body::template write<K, 1>(one, a, at);
      }
    }
  };
};

TYPEGRAD_ON_THRUST_END

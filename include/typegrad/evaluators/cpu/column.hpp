// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/loop.hpp>
#include <typegrad/evaluators/cpu/reduce.hpp>

// Reductions over leading axes, over the batch, or over everything. Where axes are kept behind the
// reduced ones, vectors run along those; else along the last reduced axis, in chunks whose
// size depends on the extents alone, so that any number of threads adds in the same order.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::cpu {

template <class Source, class Arch>
struct column_kernel : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  using typename body::scalars;
  using typename body::vectors;
  static constexpr step_info const& info = body::info;
  static constexpr int rank = body::rank;
  static constexpr int from = info.reduced_from;
  static constexpr int to = info.reduced_to;
  static constexpr bool kept_inner = to < rank;  ///< axes are kept behind the reduced ones
  static constexpr int width = body::width;

  static constexpr std::int64_t most_chunks = 256;
  static constexpr std::int64_t least_chunk = 4096;

  static constexpr std::size_t scratch_bytes(int) {
    // partial results of every reduction and chunk
    return kept_inner ? 0
                      : static_cast<std::size_t>(info.store_count * most_chunks) * sizeof(real);
  }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    if constexpr (kept_inner)
      along_kept(members, slots, run);
    else
      along_reduced(members, slots, run);
  }

 private:
  using sums = sums_of<body, Arch>;
  template <int I>
  TYPEGRAD_INLINE static auto& cell(sums& s) {
    return s.template cell<I>();
  }
  static constexpr bool reduces(int i) { return is_reduction(body::at(i).code); }

  template <class F>
  TYPEGRAD_INLINE static void each_reduction(F&& f) {
    body::each([&]<int I>() __attribute__((always_inline)) {
      if constexpr (reduces(I)) f.template operator()<I>();
    });
  }

  /// Everything at elements [j, j + n) of the innermost axis, added to the sums.
  template <class N>
  TYPEGRAD_INLINE static void add(sums& s, void* const* slots, position const& p, std::int64_t j,
                                  N n, run_context const& run, std::int64_t order) {
    using loop = accessible_loop;
    scalars c;
    body::each([&]<int I>() __attribute__((always_inline)) {
      constexpr instruction x = body::at(I);
      if constexpr (!x.varies && !reduces(I))
        body::template compute_scalar<I, rank - 1>(c, slots, p, run);
    });
    vectors v;
    body::each([&]<int I>() __attribute__((always_inline)) {
      constexpr instruction x = body::at(I);
      if constexpr (reduces(I))
        cell<I>(s).add(body::template value<x.a>(v, c), order, n);
      else if constexpr (x.varies)
        loop::template at_vector<I>(v, c, slots, p, j, n);
    });
  }
  struct accessible_loop : loop_kernel<Source, Arch> {
    template <int I, class N>
    TYPEGRAD_INLINE static void at_vector(vectors& v, scalars const& c, void* const* slots,
                                          position const& p, std::int64_t j, N n) {
      accessible_loop::template compute<I>(v, c, slots, p, j, n, nullptr);
    }
  };

  static void along_kept(team const& members, void* const* slots, run_context const& run) {
    std::int64_t const outer = body::positions(0, from, run);
    std::int64_t const reduced = body::positions(from, to, run);
    std::int64_t const rows = body::positions(to, rank - 1, run);  // kept axes but the last
    constexpr std::int64_t columns = info.axes[rank - 1].extent;
    constexpr std::int64_t vectors_a_row = (columns + width - 1) / width;
    std::int64_t const work = outer * rows * vectors_a_row;
    bool const alone = work * width * reduced < 16384;
    if (alone && members.index != 0) return;
    auto const [first, last] = alone ? span_of_work{0, work} : members.part(work);
    for (std::int64_t w = first; w < last; ++w) {
      position p;
      body::template locate<to, rank - 1>(w / vectors_a_row % rows, p);
      body::template locate<0, from>(w / vectors_a_row / rows, p);
      std::int64_t const j = w % vectors_a_row * width;
      if (j + width <= columns)
        one_vector(slots, p, j, lanes<width>{}, reduced, run);
      else
        one_vector(slots, p, j, lanes<tail>{}, reduced, run);
    }
  }
  static constexpr int tail =
      rank > 0 && info.axes[rank > 0 ? rank - 1 : 0].extent % width != 0
          ? static_cast<int>(info.axes[rank > 0 ? rank - 1 : 0].extent % width)
          : width;

  template <class N>
  TYPEGRAD_INLINE static void one_vector(void* const* slots, position p, std::int64_t j, N n,
                                         std::int64_t reduced, run_context const& run) {
    sums s;
    each_reduction([&]<int I>() __attribute__((always_inline)) { cell<I>(s).start(); });
    for (std::int64_t r = 0; r < reduced; ++r) {
      body::template locate<from, to>(r, p);
      // lanes beyond n hold nothing that is stored
      add(s, slots, p, j, n, run, 0);
    }
    body::each_store([&]<int K>() __attribute__((always_inline)) {
      constexpr store x = body::store_at(K);
      auto* const base = static_cast<memory_of<x.type>*>(slots[x.slot]);
      constexpr std::int64_t stride = x.where.strides[rank - 1];
      detail::store_lanes<real, Arch, x.type>(
          base + body::template offset<rank - 1>(x.where, p) + stride * j, stride,
          result(cell<x.value>(s)), n);
    });
  }
  template <class R>
  TYPEGRAD_INLINE static auto result(R const& r) {
    if constexpr (requires { r.total; })
      return r.total;
    else
      return r.best;
  }

  static void along_reduced(team const& members, void* const* slots, run_context const& run) {
    if constexpr (rank == 0) {
      static_cast<void>(members), static_cast<void>(slots), static_cast<void>(run);
    } else {
      std::int64_t const outer = body::positions(0, from, run);
      std::int64_t const inner = body::length(rank - 1, run);
      std::int64_t const above = body::positions(from, rank - 1, run);  // reduced but the last
      for (std::int64_t o = 0; o < outer; ++o) {
        position p;
        body::template locate<0, from>(o, p);
        std::int64_t chunk = (above * inner + most_chunks - 1) / most_chunks;
        chunk = chunk < least_chunk ? least_chunk : (chunk + width - 1) / width * width;
        // chunks lie within rows of the innermost axis, or take several whole rows
        std::int64_t const rows = chunk > inner ? chunk / inner : 1;
        std::int64_t const part = chunk > inner ? inner : chunk;
        std::int64_t const parts = (inner + part - 1) / part;
        std::int64_t const row_groups = (above + rows - 1) / rows;
        std::int64_t const chunks = parts * row_groups;
        if (chunks == 1 || chunks > most_chunks) {
          if (members.index == 0) {
            sums s;
            each_reduction([&]<int I>() __attribute__((always_inline)) { cell<I>(s).start(); });
            block(s, slots, p, 0, above, 0, inner, run);
            finish(s, slots, p);
          }
          continue;
        }
        auto const [first, last] = members.part(chunks);
        for (std::int64_t k = first; k < last; ++k) {
          sums s;
          each_reduction([&]<int I>() __attribute__((always_inline)) { cell<I>(s).start(); });
          std::int64_t const row = k / parts * rows;
          std::int64_t const column = k % parts * part;
          block(s, slots, p, row, row + rows < above ? row + rows : above, column,
                column + part < inner ? column + part : inner, run);
          body::each_store([&]<int K>() __attribute__((always_inline)) {
            auto* const mine = partials<body::store_at(K).value>(run, K);
            mine[k] = cell<body::store_at(K).value>(s).finish();
          });
        }
        members.barrier();
        if (members.index == 0) {
          sums s;
          each_reduction([&]<int I>() __attribute__((always_inline)) { cell<I>(s).start(); });
          body::each_store([&]<int K>() __attribute__((always_inline)) {
            auto& sum = cell<body::store_at(K).value>(s);
            for (std::int64_t k = 0; k < chunks; k += width) {
              int const n = static_cast<int>(chunks - k < width ? chunks - k : width);
              sum.add(load_partial<Arch>(partials<body::store_at(K).value>(run, K) + k, n), 0, n);
            }
          });
          finish(s, slots, p);
        }
        members.barrier();
      }
    }
  }

  /// The partial results, one a chunk, of reduction I, which is stored as number K.
  template <int I>
  static auto* partials(run_context const& run, int K) {
    using element = typename body::template scalar<I>;
    static_assert(sizeof(element) == sizeof(real));
    return reinterpret_cast<element*>(run.scratch) + K * most_chunks;
  }

  /// Rows [row, row_end) of the reduced axes but the last, elements [column, column_end) of that.
  static void block(sums& s, void* const* slots, position p, std::int64_t row,
                    std::int64_t row_end, std::int64_t column, std::int64_t column_end,
                    run_context const& run) {
    for (std::int64_t r = row; r < row_end; ++r) {
      body::template locate<from, (rank > from ? rank - 1 : from)>(r, p);
      std::int64_t j = column;
      for (; j + width <= column_end; j += width) add(s, slots, p, j, lanes<width>{}, run, 0);
      if (j < column_end) add(s, slots, p, j, static_cast<int>(column_end - j), run, 0);
    }
  }

  static void finish(sums& s, void* const* slots, position const& p) {
    body::each_store([&]<int K>() __attribute__((always_inline)) {
      constexpr store x = body::store_at(K);
      auto* const base = static_cast<memory_of<x.type>*>(slots[x.slot]);
      base[body::template offset<from>(x.where, p)] =
          static_cast<memory_of<x.type>>(cell<x.value>(s).finish());
    });
  }
};

}  // namespace typegrad::cpu
TYPEGRAD_QUIET_END

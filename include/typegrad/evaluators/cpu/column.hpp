// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/column/kept.hpp>

// Reductions over leading axes, over the batch, or over everything. Where axes are kept behind the
// reduced ones, vectors run along those (column/kept.hpp); else along the last reduced axis. Both
// work in chunks whose size depends on the extents alone, so that any number of threads adds in the
// same order.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

template <class Source, class Arch>
struct column_kernel : column_body<Source, Arch> {
  using base = column_body<Source, Arch>;
  using body = step_body<Source, Arch>;
  using typename base::position;
  using typename base::real;
  using typename base::sums;
  static constexpr auto const& info = body::info;
  static constexpr int rank = body::rank;
  static constexpr int from = info.reduced_from;
  static constexpr bool kept_inner = base::to < rank;  ///< axes are kept behind the reduced ones
  static constexpr int width = body::width;

  static constexpr std::int64_t most_chunks = 256;
  static constexpr std::int64_t least_chunk = 4096;

  static constexpr std::size_t scratch_bytes(int) {
    if constexpr (kept_inner)
      return kept_columns<Source, Arch>::scratch_bytes();
    else  // partial results of every reduction and chunk
      return static_cast<std::size_t>(info.store_count * most_chunks) * sizeof(real);
  }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    if constexpr (kept_inner)
      kept_columns<Source, Arch>::run(members, slots, run);
    else
      along_reduced(members, slots, run);
  }

 private:
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
        std::int64_t const rows = chunk > inner ? (chunk + inner - 1) / (inner > 0 ? inner : 1) : 1;
        std::int64_t const wanted = chunk > inner ? 1 : inner / chunk;
        std::int64_t const part = (inner + wanted * width) / (wanted * width) * width;
        std::int64_t const parts = (inner + part - 1) / part;
        std::int64_t const row_groups = (above + rows - 1) / rows;
        std::int64_t const chunks = parts * row_groups;
        if (chunks <= 1) {
          if (members.index == 0) {
            sums s;
            base::start(s);
            block(s, slots, p, 0, above, 0, inner, run);
            finish(s, slots, p);
          }
          continue;
        }
        auto const [first, last] = members.part(chunks);
        for (std::int64_t k = first; k < last; ++k) {
          sums s;
          base::start(s);
          std::int64_t const row = k / parts * rows;
          std::int64_t const column = k % parts * part;
          block(s, slots, p, row, row + rows < above ? row + rows : above, column,
                column + part < inner ? column + part : inner, run);
          body::each_store([&]<int K>() __attribute__((always_inline)) {
            auto* const mine = partials<body::store_at(K).value>(run, K);
            mine[k] = base::template cell<body::store_at(K).value>(s).finish();
          });
        }
        members.barrier();
        if (members.index == 0) {
          sums s;
          base::start(s);
          body::each_store([&]<int K>() __attribute__((always_inline)) {
            auto& sum = base::template cell<body::store_at(K).value>(s);
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
  static void block(sums& s, void* const* slots, position p, std::int64_t row, std::int64_t row_end,
                    std::int64_t column, std::int64_t column_end, run_context const& run) {
    for (std::int64_t r = row; r < row_end; ++r) {
      body::template locate<from, (rank > from ? rank - 1 : from)>(r, p);
      std::int64_t j = column;
      for (; j + width <= column_end; j += width)
        base::add(s, slots, p, j, lanes<width>{}, run, lanes<width>{});
      int const n = static_cast<int>(column_end - j);
      if (n > 0) base::add(s, slots, p, j, n, run, n);
    }
  }

  static void finish(sums& s, void* const* slots, position const& p) {
    body::each_store([&]<int K>() __attribute__((always_inline)) {
      constexpr store x = body::store_at(K);
      auto* const to_store = static_cast<memory_of<x.type>*>(slots[x.slot]);
      to_store[body::template offset<from>(x.where, p)] =
          static_cast<memory_of<x.type>>(base::template cell<x.value>(s).finish());
    });
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

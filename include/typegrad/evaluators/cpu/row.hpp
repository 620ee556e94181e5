// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/phases.hpp>
#include <typegrad/evaluators/cpu/loop.hpp>
#include <typegrad/evaluators/cpu/reduce.hpp>

// Row programs: elementwise work and reductions along the innermost axis, a row at a time, phase by
// phase. What is dear and needed again by a later phase stays in a row of scratch memory.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

template <class Source, class Arch>
struct row_kernel : loop_kernel<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  using typename body::scalars;
  using typename body::vectors;
  static constexpr auto const& info = body::info;
  static constexpr int outer_axes = body::rank - 1;
  static constexpr int width = body::width;
  static constexpr std::int64_t columns = info.axes[body::inner_axis].extent;
  static constexpr std::int64_t full = columns / width;  ///< whole vectors in a row
  static constexpr int rest = static_cast<int>(columns % width);
  static constexpr phase_needs<body> needs{};

  static constexpr int cached_count() {
    int n = 0;
    for (int i = 0; i < body::count; ++i) n += body::at(i).cached;
    return n;
  }
  static constexpr int cache_slot(int instruction) {
    int n = 0;
    for (int i = 0; i < instruction; ++i) n += body::at(i).cached;
    return n;
  }
  static constexpr std::int64_t padded = (full + 1) * width;
  /// Of one member: the cached rows, padded to whole vectors.
  static constexpr std::size_t member_bytes =
      (static_cast<std::size_t>(cached_count() * padded) * sizeof(real) + 63) / 64 * 64;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return member_bytes * static_cast<std::size_t>(team_size);
  }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    std::int64_t const rows = body::positions(0, outer_axes, run);
    constexpr std::int64_t grain = 512 / columns + 1;
    auto const [first, last] = members.part(rows, grain);
    auto* const cache = reinterpret_cast<real*>(
        run.scratch + member_bytes * static_cast<std::size_t>(members.index));
    for (std::int64_t r = first; r < last; ++r) {
      position p;
      body::template locate<0, outer_axes>(r, p);
      one_row(slots, p, run, cache);
    }
  }

 private:
  TYPEGRAD_INLINE static void one_row(void* const* slots, position const& p,
                                      run_context const& run, real* cache) {
    scalars c;
    [&]<std::size_t... Phase>(std::index_sequence<Phase...>) __attribute__((always_inline)) {
      (phase<static_cast<int>(Phase)>(c, slots, p, run, cache), ...);
    }(std::make_index_sequence<static_cast<std::size_t>(info.phases)>{});
    body::template store_scalars<outer_axes>(c, slots, p);
  }

  template <int Phase>
  TYPEGRAD_INLINE static void phase(scalars& c, void* const* slots, position const& p,
                                    run_context const& run, real* cache) {
    body::template compute_scalars<Phase, outer_axes>(c, slots, p, run);
    if constexpr (needs.any[Phase]) {
      // four sums side by side hide the latency of adding; short rows have one
      constexpr int unroll = full >= 8 ? 4 : 1;
      accumulators<unroll> sums;
      body::each([&]<int I>() __attribute__((always_inline)) {
        if constexpr (reduces<Phase>(I))
          for (int u = 0; u < unroll; ++u) sums.template cell<I>(u).start();
      });
      std::int64_t j = 0;
      for (std::int64_t i = 0; i < full / unroll; ++i, j += unroll * width)
        [&]<std::size_t... U>(std::index_sequence<U...>) __attribute__((always_inline)) {
          (vector<Phase>(c, slots, p, j + static_cast<int>(U) * width, lanes<width>{}, cache, sums,
                         static_cast<int>(U)),
           ...);
        }(std::make_index_sequence<static_cast<std::size_t>(unroll)>{});
      if constexpr (unroll > 1 && full % unroll != 0)
        for (; j + width <= columns; j += width)
          vector<Phase>(c, slots, p, j, lanes<width>{}, cache, sums, 0);
      if constexpr (rest > 0) vector<Phase>(c, slots, p, j, lanes<rest>{}, cache, sums, 0);
      body::each([&]<int I>() __attribute__((always_inline)) {
        if constexpr (reduces<Phase>(I)) {
          for (int u = 1; u < unroll; ++u)
            sums.template cell<I>(0).merge(sums.template cell<I>(u));
          body::template cell<I>(c) =
              static_cast<typename body::template scalar<I>>(sums.template cell<I>(0).finish());
        }
      });
    }
  }

  template <int Phase>
  static constexpr bool reduces(int i) {
    return is_reduction(body::at(i).code) && body::at(i).phase == Phase + 1;
  }

  template <int Unroll>
  struct accumulators {
    sums_of<body, Arch> all[Unroll];
    template <int I>
    TYPEGRAD_INLINE auto& cell(int u) {
      return all[u].template cell<I>();
    }
  };

  template <int Phase, class N, class Sums>
  TYPEGRAD_INLINE static void vector(scalars const& c, void* const* slots, position const& p,
                                     std::int64_t j, N n, real* cache, Sums& sums, int u) {
    vectors v;
    body::each([&]<int I>() __attribute__((always_inline)) {
      if constexpr (needs.wanted[Phase][I]) {
        constexpr instruction x = body::at(I);
        if constexpr (x.cached && x.phase < Phase) {
          body::template cell<I>(v) =
              restore<I>(cache + cache_slot(I) * padded + j);
        } else {
          row_kernel::template compute<I>(v, c, slots, p, j, n, nullptr);
          if constexpr (x.cached)
            keep<I>(cache + cache_slot(I) * padded + j, body::template cell<I>(v));
        }
      }
      if constexpr (reduces<Phase>(I))
        sums.template cell<I>(u).add(body::template value<body::at(I).a>(v, c), j, n);
    });
    body::each_store([&]<int K>() __attribute__((always_inline)) {
      constexpr store x = body::store_at(K);
      if constexpr (body::stores_along_inner(x) && body::at(x.value).phase == Phase) {
        auto* const base = static_cast<memory_of<x.type>*>(slots[x.slot]);
        constexpr std::int64_t stride = x.where.strides[body::inner_axis];
        detail::store_lanes<real, Arch, x.type>(
            base + body::template offset<outer_axes>(x.where, p) + stride * j, stride,
            body::template value<x.value>(v, c), n);
      }
    });
  }

  // Cached vectors are kept as Real lanes: masks as 0 and 1, integers by their bits.
  template <int I>
  TYPEGRAD_INLINE static void keep(real* at, typename body::template vector<I> const& x) {
    if constexpr (body::at(I).type == dtype::int32)
      xsimd::bitwise_cast<real>(x).store_aligned(at);
    else
      detail::cast_vector<real, Arch, body::at(I).type, dtype::float32>(x).store_aligned(at);
  }
  template <int I>
  TYPEGRAD_INLINE static auto restore(real const* at) {
    auto const x = xsimd::batch<real, Arch>::load_aligned(at);
    if constexpr (body::at(I).type == dtype::int32)
      return xsimd::bitwise_cast<integer_of<real>>(x);
    else
      return detail::cast_vector<real, Arch, dtype::float32, body::at(I).type>(x);
  }
};

}  // namespace typegrad::on_cpu

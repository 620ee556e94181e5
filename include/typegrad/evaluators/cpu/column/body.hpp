// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/loop.hpp>
#include <typegrad/evaluators/cpu/reduce.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

/// What column kernels share: one vector of everything, added to the reductions in the making.
template <class Source, class Arch>
struct column_body : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  using typename body::scalars;
  using typename body::vectors;
  static constexpr auto const& info = body::info;
  static constexpr int rank = body::rank;
  static constexpr int from = info.reduced_from;
  static constexpr int to = info.reduced_to;
  static constexpr int width = body::width;

  using sums = sums_of<body, Arch>;
  template <int I>
  TYPEGRAD_INLINE static auto& cell(sums& s) {
    return s.template cell<I>();
  }
  static constexpr bool reduces(int i) { return is_reduction(body::at(i).code); }

  template <class F>
  TYPEGRAD_INLINE static void each_reduction(F&& f) {
    body::template each_of<typename body::reduction_instructions>(f);
  }

  TYPEGRAD_INLINE static void start(sums& s) {
    each_reduction([&]<int I>() __attribute__((always_inline)) { cell<I>(s).start(); });
  }

  /// Everything at elements [j, j + n) of the innermost axis, added to the sums: to `counted` of
  /// their lanes.
  template <class N, class Counted>
  TYPEGRAD_INLINE static void add(sums& s, void* const* slots, position const& p, std::int64_t j,
                                  N n, run_context const& run, Counted counted) {
    using loop = accessible_loop;
    scalars c;
    body::template compute_scalars<0, rank - 1>(c, slots, p, run);
    vectors v;
    body::template each_of<typename body::vector_instructions>(
        [&]<int I>() __attribute__((always_inline)) {
          loop::template at_vector<I>(v, c, slots, p, j, n);
        });
    each_reduction([&]<int I>() __attribute__((always_inline)) {
      cell<I>(s).add(body::template value<body::at(I).a>(v, c), 0, counted);
    });
  }
  struct accessible_loop : loop_kernel<Source, Arch> {
    template <int I, class N>
    TYPEGRAD_INLINE static void at_vector(vectors& v, scalars const& c, void* const* slots,
                                          position const& p, std::int64_t j, N n) {
      accessible_loop::template compute<I>(v, c, slots, p, j, n, nullptr);
    }
  };

  /// A reduction's partial results, lane by lane.
  template <class R>
  TYPEGRAD_INLINE static auto result(R const& r) {
    if constexpr (requires { r.total; })
      return r.total;
    else
      return r.best;
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/lane.hpp>
#include <typegrad/graph/op.hpp>

#include <limits>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::cpu {

namespace detail {

/// A mask of the first n lanes.
template <class Real, class Arch>
TYPEGRAD_INLINE auto first_lanes(int n) {
  return real_mask<Real, Arch>(lane_numbers<Real, Arch>() <
                               integers<Real, Arch>(static_cast<integer_of<Real>>(n)));
}

template <class N>
constexpr bool is_whole(int width) {
  if constexpr (std::is_same_v<N, int>)
    return false;
  else
    return N::value == width;
}

}  // namespace detail

/// One reduction in the making: a vector of partial results that takes vectors in any number.
template <op Code, class Real, class Arch, dtype Type>
struct reducer;

template <class Real, class Arch, dtype Type>
struct reducer<op::reduce_sum, Real, Arch, Type> {
  using vector = vector_of<Real, Arch, Type>;
  vector total;

  TYPEGRAD_INLINE void start() { total = vector(typename vector::value_type(0)); }
  template <class N>
  TYPEGRAD_INLINE void add(vector const& x, std::int64_t, N n) {
    if constexpr (detail::is_whole<N>(lane_count<Real, Arch>)) {
      total += x;
    } else {
      auto const mask = detail::first_lanes<Real, Arch>(n);
      if constexpr (is_floating(Type))
        total += xsimd::select(mask, x, vector(Real(0)));
      else
        total += xsimd::select(detail::integer_mask<Real, Arch>(mask), x, vector(0));
    }
  }
  TYPEGRAD_INLINE void merge(reducer const& other) { total += other.total; }
  TYPEGRAD_INLINE auto finish() const { return xsimd::reduce_add(total); }
};

namespace detail {

/// The extremum of floating values, NaN if there is one among them.
template <bool Greatest, class Real, class Arch>
struct extremum_reducer {
  using vector = xsimd::batch<Real, Arch>;
  vector best;

  static constexpr Real worst = Greatest ? -std::numeric_limits<Real>::infinity()
                                         : std::numeric_limits<Real>::infinity();
  TYPEGRAD_INLINE static vector better(vector const& a, vector const& b) {
    if constexpr (Greatest)
      return xsimd::select((a > b) || (a != a), a, b);
    else
      return xsimd::select((a < b) || (a != a), a, b);
  }
  TYPEGRAD_INLINE void start() { best = vector(worst); }
  template <class N>
  TYPEGRAD_INLINE void add(vector const& x, std::int64_t, N n) {
    if constexpr (is_whole<N>(lane_count<Real, Arch>))
      best = better(best, x);
    else
      best = better(best, xsimd::select(first_lanes<Real, Arch>(n), x, vector(worst)));
  }
  TYPEGRAD_INLINE void merge(extremum_reducer const& other) { best = better(best, other.best); }
  TYPEGRAD_INLINE Real finish() const {
    if (xsimd::any(best != best)) return std::numeric_limits<Real>::quiet_NaN();
    if constexpr (Greatest)
      return xsimd::reduce_max(best);
    else
      return xsimd::reduce_min(best);
  }
};

/// The first position of the extremum, or of the first NaN.
template <bool Greatest, class Real, class Arch>
struct position_reducer {
  using vector = xsimd::batch<Real, Arch>;
  using integer = integers<Real, Arch>;
  vector best;
  integer where;

  TYPEGRAD_INLINE void start() {
    best = vector(extremum_reducer<Greatest, Real, Arch>::worst);
    where = integer(std::numeric_limits<integer_of<Real>>::max());
  }
  TYPEGRAD_INLINE static auto beats(vector const& x, vector const& y) {
    if constexpr (Greatest)
      return x > y || (x != x && y == y);
    else
      return x < y || (x != x && y == y);
  }
  template <class N>
  TYPEGRAD_INLINE void add(vector const& x, std::int64_t j, N n) {
    integer const here =
        integer(static_cast<integer_of<Real>>(j)) + lane_numbers<Real, Arch>();
    integer const none(std::numeric_limits<integer_of<Real>>::max());
    // a lane's first element counts even if it is the worst there is
    auto take = beats(x, best) || real_mask<Real, Arch>(where == none);
    if constexpr (!is_whole<N>(lane_count<Real, Arch>))
      take = take && first_lanes<Real, Arch>(n);
    best = xsimd::select(take, x, best);
    where = xsimd::select(integer_mask<Real, Arch>(take), here, where);
  }
  TYPEGRAD_INLINE void merge(position_reducer const& o) {
    auto const same = real_mask<Real, Arch>(o.where < where) &&
                      (o.best == best || (o.best != o.best && best != best));
    auto const take = beats(o.best, best) || same;
    best = xsimd::select(take, o.best, best);
    where = xsimd::select(integer_mask<Real, Arch>(take), o.where, where);
  }
  TYPEGRAD_INLINE integer_of<Real> finish() const {
    constexpr int width = lane_count<Real, Arch>;
    alignas(64) Real values[width];
    alignas(64) integer_of<Real> positions[width];
    best.store_aligned(values);
    where.store_aligned(positions);
    constexpr auto none = std::numeric_limits<integer_of<Real>>::max();
    int winner = 0;
    for (int i = 1; i < width; ++i) {
      if (positions[i] == none) continue;
      Real const x = values[i];
      Real const y = values[winner];
      bool const wins = (Greatest ? x > y : x < y) || (x != x && y == y);
      bool const ties = x == y || (x != x && y != y);
      if (positions[winner] == none || wins || (ties && positions[i] < positions[winner]))
        winner = i;
    }
    return positions[winner];
  }
};

}  // namespace detail

template <class Real, class Arch, dtype Type>
struct reducer<op::reduce_max, Real, Arch, Type> : detail::extremum_reducer<true, Real, Arch> {};
template <class Real, class Arch, dtype Type>
struct reducer<op::reduce_min, Real, Arch, Type> : detail::extremum_reducer<false, Real, Arch> {};
template <class Real, class Arch, dtype Type>
struct reducer<op::argmax, Real, Arch, Type> : detail::position_reducer<true, Real, Arch> {};
template <class Real, class Arch, dtype Type>
struct reducer<op::argmin, Real, Arch, Type> : detail::position_reducer<false, Real, Arch> {};

}  // namespace typegrad::cpu
TYPEGRAD_QUIET_END

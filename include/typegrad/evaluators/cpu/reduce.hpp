// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/lane.hpp>
#include <typegrad/graph/op.hpp>

#include <cstddef>
#include <limits>
#include <utility>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

namespace detail {

/// x in the first n lanes, `rest` in the others.
template <dtype Type, class Real, class Arch, class V>
TYPEGRAD_INLINE V first_of(int n, V const& x, V const& rest) {
  auto const mask = lane_numbers<Real, Arch>() <
                    integers<Real, Arch>(static_cast<integer_of<Real>>(n));
  if constexpr (is_floating(Type))
    return xsimd::select(real_mask<Real, Arch>(mask), x, rest);
  else
    return xsimd::select(mask, x, rest);
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
  using element = typename vector::value_type;
  vector total;

  TYPEGRAD_INLINE void start() { total = vector(element(0)); }
  template <class N>
  TYPEGRAD_INLINE void add(vector const& x, std::int64_t, N n) {
    if constexpr (detail::is_whole<N>(lane_count<Real, Arch>))
      total += x;
    else
      total += detail::first_of<Type, Real, Arch>(n, x, vector(element(0)));
  }
  TYPEGRAD_INLINE void merge(reducer const& other) { total += other.total; }
  TYPEGRAD_INLINE auto finish() const { return xsimd::reduce_add(total); }
};

namespace detail {

/// The extremum, NaN if there is one among the values.
template <bool Greatest, class Real, class Arch, dtype Type>
struct extremum_reducer {
  using vector = vector_of<Real, Arch, Type>;
  using element = typename vector::value_type;
  using limits = std::numeric_limits<element>;
  vector best;

  static constexpr element worst = Greatest
                                       ? (is_floating(Type) ? -limits::infinity() : limits::min())
                                       : (is_floating(Type) ? limits::infinity() : limits::max());
  /// The better of two numbers; NaN is better than any.
  TYPEGRAD_INLINE static auto beats(vector const& a, vector const& b) {
    auto const beyond = [&] {
      if constexpr (Greatest)
        return a > b;
      else
        return a < b;
    }();
    if constexpr (is_floating(Type))
      return beyond || (a != a);
    else
      return beyond;
  }
  TYPEGRAD_INLINE static vector better(vector const& a, vector const& b) {
    return xsimd::select(beats(a, b), a, b);
  }
  TYPEGRAD_INLINE void start() { best = vector(worst); }
  template <class N>
  TYPEGRAD_INLINE void add(vector const& x, std::int64_t, N n) {
    if constexpr (is_whole<N>(lane_count<Real, Arch>))
      best = better(best, x);
    else
      best = better(best, first_of<Type, Real, Arch>(n, x, vector(worst)));
  }
  TYPEGRAD_INLINE void merge(extremum_reducer const& other) { best = better(best, other.best); }
  TYPEGRAD_INLINE element finish() const {
    if constexpr (is_floating(Type))
      if (xsimd::any(best != best)) return limits::quiet_NaN();
    if constexpr (Greatest)
      return xsimd::reduce_max(best);
    else
      return xsimd::reduce_min(best);
  }
};

/// The first position of the extremum, or of the first NaN.
template <bool Greatest, class Real, class Arch, dtype Type>
struct position_reducer {
  using vector = vector_of<Real, Arch, Type>;
  using element = typename vector::value_type;
  using integer = integers<Real, Arch>;
  using position = integer_of<Real>;
  static constexpr position none = std::numeric_limits<position>::max();
  vector best;
  integer where;

  TYPEGRAD_INLINE void start() {
    best = vector(extremum_reducer<Greatest, Real, Arch, Type>::worst);
    where = integer(none);
  }
  /// As a mask of integer lanes, or as a bool.
  template <class T>
  TYPEGRAD_INLINE static auto beats(T const& x, T const& y) {
    auto const beyond = [&] {
      if constexpr (Greatest)
        return x > y;
      else
        return x < y;
    }();
    if constexpr (std::is_same_v<T, vector>)
      return is_mask(is_floating(Type) ? beyond || (x != x && y == y) : beyond);
    else
      return is_floating(Type) ? beyond || (x != x && y == y) : beyond;
  }
  template <class T>
  TYPEGRAD_INLINE static auto ties(T const& x, T const& y) {
    if constexpr (std::is_same_v<T, vector>)
      return is_mask(is_floating(Type) ? x == y || (x != x && y != y) : x == y);
    else
      return x == y || (x != x && y != y);
  }
  template <class N>
  TYPEGRAD_INLINE void add(vector const& x, std::int64_t j, N n) {
    integer const here = integer(static_cast<position>(j)) + lane_numbers<Real, Arch>();
    // a lane's first element counts even if it is the worst there is
    auto take = beats(x, best) || where == integer(none);
    if constexpr (!is_whole<N>(lane_count<Real, Arch>))
      take = take && lane_numbers<Real, Arch>() < integer(static_cast<position>(int{n}));
    choose(take, x, here);
  }
  TYPEGRAD_INLINE void merge(position_reducer const& o) {
    choose(beats(o.best, best) || (o.where < where && ties(o.best, best)), o.best, o.where);
  }
  TYPEGRAD_INLINE position finish() const {
    constexpr int width = lane_count<Real, Arch>;
    alignas(64) element values[width];
    alignas(64) position positions[width];
    best.store_aligned(values);
    where.store_aligned(positions);
    int winner = 0;
    for (int i = 1; i < width; ++i) {
      if (positions[i] == none) continue;
      bool const wins = beats(values[i], values[winner]);
      bool const first = ties(values[i], values[winner]) && positions[i] < positions[winner];
      if (positions[winner] == none || wins || first) winner = i;
    }
    return positions[winner];
  }

 private:
  template <class M>
  TYPEGRAD_INLINE static auto is_mask(M const& m) {
    if constexpr (is_floating(Type))
      return integer_mask<Real, Arch>(m);
    else
      return m;
  }
  template <class M>
  TYPEGRAD_INLINE void choose(M const& take, vector const& x, integer const& at) {
    if constexpr (is_floating(Type))
      best = xsimd::select(real_mask<Real, Arch>(take), x, best);
    else
      best = xsimd::select(take, x, best);
    where = xsimd::select(take, at, where);
  }
};

}  // namespace detail

template <class Real, class Arch, dtype Type>
struct reducer<op::reduce_max, Real, Arch, Type>
    : detail::extremum_reducer<true, Real, Arch, Type> {};
template <class Real, class Arch, dtype Type>
struct reducer<op::reduce_min, Real, Arch, Type>
    : detail::extremum_reducer<false, Real, Arch, Type> {};
template <class Real, class Arch, dtype Type>
struct reducer<op::argmax, Real, Arch, Type>
    : detail::position_reducer<true, Real, Arch, Type> {};
template <class Real, class Arch, dtype Type>
struct reducer<op::argmin, Real, Arch, Type>
    : detail::position_reducer<false, Real, Arch, Type> {};

/// The reductions of a step's body in the making: a cell for each of its instructions, empty where
/// that is no reduction.
template <class Body, class Arch, int I>
struct sum_cell {};
template <class Body, class Arch, int I>
  requires(is_reduction(Body::at(I).code))
struct sum_cell<Body, Arch, I> {
  reducer<Body::at(I).code, typename Body::real, Arch, Body::at(Body::at(I).a).type> value;
};

template <class Body, class Arch, class Sequence = typename Body::indices>
struct sums_of;
template <class Body, class Arch, std::size_t... I>
struct sums_of<Body, Arch, std::index_sequence<I...>>
    : sum_cell<Body, Arch, static_cast<int>(I)>... {
  template <int K>
  TYPEGRAD_INLINE auto& cell() {
    return static_cast<sum_cell<Body, Arch, K>&>(*this).value;
  }
};

}  // namespace typegrad::on_cpu

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/group.hpp>
#include <typegrad/graph/op.hpp>

#include <cstdint>
#include <type_traits>

// Reductions in the making. A state takes values one by one and is merged with others; both orders
// are fixed, so that results do not depend on chance.

TYPEGRAD_ON_THRUST_BEGIN

template <op Code, class T>
struct reducer;

template <class T>
struct reducer<op::reduce_sum, T> {
  T total;

  TYPEGRAD_DEVICE void start() { total = T(0); }
  TYPEGRAD_DEVICE void add(T const& x, std::int64_t) { total += x; }
  TYPEGRAD_DEVICE void merge(reducer const& o) { total += o.total; }
  TYPEGRAD_DEVICE T finish() const { return total; }
};

/// The extremum of values, the first where there are several; NaN, if there is one, is beyond all.
template <bool Greatest, class T>
struct extremum {
  T best;
  std::int64_t where;  ///< -1 before the first value

  TYPEGRAD_DEVICE void start() {
    best = T(0);
    where = -1;
  }
  TYPEGRAD_DEVICE static bool beats(T const& a, T const& b) {
    if constexpr (std::is_floating_point_v<T>)
      if (a != a) return b == b;
    return Greatest ? a > b : a < b;
  }
  TYPEGRAD_DEVICE static bool ties(T const& a, T const& b) { return !beats(a, b) && !beats(b, a); }
  TYPEGRAD_DEVICE void add(T const& x, std::int64_t at) { merge_with(x, at); }
  TYPEGRAD_DEVICE void merge(extremum const& o) {
    if (o.where >= 0) merge_with(o.best, o.where);
  }

 private:
  TYPEGRAD_DEVICE void merge_with(T const& x, std::int64_t at) {
    if (where < 0 || beats(x, best) || (at < where && ties(x, best))) {
      best = x;
      where = at;
    }
  }
};

/// The extremum alone.
template <bool Greatest, class T>
struct extreme_value {
  T best;
  bool any;

  TYPEGRAD_DEVICE void start() {
    best = T(0);
    any = false;
  }
  TYPEGRAD_DEVICE void add(T const& x, std::int64_t) {
    if (!any || extremum<Greatest, T>::beats(x, best)) best = x;
    any = true;
  }
  TYPEGRAD_DEVICE void merge(extreme_value const& o) {
    if (o.any) add(o.best, 0);
  }
  TYPEGRAD_DEVICE T finish() const { return best; }
};

template <class T>
struct reducer<op::reduce_max, T> : extreme_value<true, T> {};
template <class T>
struct reducer<op::reduce_min, T> : extreme_value<false, T> {};
template <class T>
struct reducer<op::argmax, T> : extremum<true, T> {
  TYPEGRAD_DEVICE std::int64_t finish() const { return this->where; }
};
template <class T>
struct reducer<op::argmin, T> : extremum<false, T> {
  TYPEGRAD_DEVICE std::int64_t finish() const { return this->where; }
};

#if TYPEGRAD_CUDA
/// Merges two states, as CUB wants it.
struct merging {
  template <class State>
  TYPEGRAD_DEVICE State operator()(State a, State const& b) const {
    a.merge(b);
    return a;
  }
};
#endif

/// The merged states of all threads of a group, given to each of them. `memory` has room for
/// `combined_bytes<State, Size>()`; all threads must call.
template <class State, int Size>
TYPEGRAD_DEVICE State combined([[maybe_unused]] group<Size> const& g, State mine,
                               [[maybe_unused]] std::byte* memory) {
#if TYPEGRAD_CUDA
  using block_reduce = cub::BlockReduce<State, Size>;
  auto* const temporary = reinterpret_cast<typename block_reduce::TempStorage*>(memory);
  auto* const result = reinterpret_cast<State*>(
      memory + (sizeof(typename block_reduce::TempStorage) + 15) / 16 * 16);
  g.sync();  // whoever used the memory before is done
  State const all = block_reduce(*temporary).Reduce(mine, merging{});
  if (g.rank() == 0) *result = all;
  g.sync();
  return *result;
#else
  return mine;
#endif
}

template <class State, int Size>
constexpr std::size_t combined_bytes() {
#if TYPEGRAD_CUDA
  using block_reduce = cub::BlockReduce<State, Size>;
  return (sizeof(typename block_reduce::TempStorage) + 15) / 16 * 16 +
         (sizeof(State) + 15) / 16 * 16;
#else
  return 0;
#endif
}

/// The merged states of a warp's threads, given to each of them.
template <class State>
TYPEGRAD_DEVICE State combined_in_warp(State mine) {
#if TYPEGRAD_CUDA
  using warp_reduce = cub::WarpReduce<State>;
  typename warp_reduce::TempStorage none;
  State const all = warp_reduce(none).Reduce(mine, merging{});
  return cub::ShuffleIndex<32>(all, 0, 0xffffffffU);
#else
  return mine;
#endif
}

TYPEGRAD_ON_THRUST_END

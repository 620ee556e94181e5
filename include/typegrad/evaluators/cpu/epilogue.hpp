// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/body.hpp>

// What is done to the finished vectors of a contraction while they are in registers: the step's
// body, and its stores.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::cpu {

template <class Source, class Arch>
struct step_epilogue : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  using typename body::scalars;
  using typename body::vectors;
  static constexpr step_info const& info = body::info;
  static constexpr contraction const& p = info.product;
  static constexpr int rank = body::rank;
  static constexpr int width = body::width;

  /// The domain axis where the columns begin.
  static constexpr int column_axis = first_column(info);

  static constexpr bool is_heavy() {
    int cost = 0;
    for (int i = 0; i < body::count; ++i)
      if (body::at(i).varies) cost += cost_of(body::at(i).code);
    return cost > 10;
  }
  static constexpr bool heavy = is_heavy();

  void* const* slots;
  position loop;  ///< along the axes that the product is repeated over
  run_context const& run;

  step_epilogue(void* const* buffers, position const& start, run_context const& context)
      : slots{buffers}, loop{start}, run{context} {}

  template <class Batch, class N>
  TYPEGRAD_INLINE void operator()(std::int64_t row, std::int64_t column, Batch const& sum,
                                  N n) const {
    position q = loop;
    body::template locate<p.loops, column_axis>(row, q);
    scalars c;
    vectors v;
    body::each([&]<int I>() __attribute__((always_inline)) {
      constexpr instruction x = body::at(I);
      if constexpr (is_contraction(x.code)) {
        body::template cell<I>(v) = sum;
      } else if constexpr (!x.varies) {
        body::template compute_scalar<I, column_axis>(c, slots, q, run);
      } else if constexpr (x.code == op::input) {
        auto const* const base = static_cast<memory_of<x.type> const*>(slots[x.slot]);
        body::template cell<I>(v) = load<x.type>(base, x.where, q, column, n);
      } else if constexpr (x.code == op::iota) {
        body::template cell<I>(v) = count<x.type>(x.where, q, column);
      } else {
        body::template cell<I>(v) = body::template apply<I>(v, c);
      }
    });
    body::each_store([&]<int K>() __attribute__((always_inline)) {
      constexpr store x = body::store_at(K);
      auto* const base = static_cast<memory_of<x.type>*>(slots[x.slot]);
      write<x.type>(base, x.where, q, column, body::template value<x.value>(v, c), n);
    });
  }

 private:
  // With one column axis (or none: a single column) vectors lie a stride apart; with several
  // every lane has a place of its own.
  static constexpr bool one_axis = rank - column_axis <= 1;

  TYPEGRAD_INLINE static std::int64_t place(access const& a, position q, std::int64_t column) {
    if constexpr (rank > column_axis) body::template locate<column_axis, rank>(column, q);
    return body::template offset<rank>(a, q);
  }
  TYPEGRAD_INLINE static constexpr std::int64_t stride_of(access const& a) {
    return rank > column_axis ? a.strides[rank > 0 ? rank - 1 : 0] : 1;
  }

  template <dtype Type, class N>
  TYPEGRAD_INLINE static auto load(memory_of<Type> const* base, access const& a,
                                   position const& q, std::int64_t column, N n) {
    if constexpr (one_axis) {
      return detail::load_lanes<real, Arch, Type>(base + place(a, q, column), stride_of(a), n);
    } else {
      alignas(64) memory_of<Type> values[width] = {};
      for (int i = 0; i < n; ++i) values[i] = base[place(a, q, column + i)];
      return detail::load_lanes<real, Arch, Type>(values, 1, lanes<width>{});
    }
  }
  template <dtype Type, class V, class N>
  TYPEGRAD_INLINE static void write(memory_of<Type>* base, access const& a, position const& q,
                                    std::int64_t column, V const& x, N n) {
    if constexpr (one_axis) {
      detail::store_lanes<real, Arch, Type>(base + place(a, q, column), stride_of(a), x, n);
    } else {
      alignas(64) memory_of<Type> values[width];
      detail::store_lanes<real, Arch, Type>(values, 1, x, lanes<width>{});
      for (int i = 0; i < n; ++i) base[place(a, q, column + i)] = values[i];
    }
  }
  template <dtype Type>
  TYPEGRAD_INLINE static auto count(access const& a, position const& q, std::int64_t column) {
    alignas(64) integer_of<real> values[width];
    for (int i = 0; i < width; ++i)
      values[i] = static_cast<integer_of<real>>(place(a, q, column + i));
    return detail::cast_vector<real, Arch, dtype::int32, Type>(
        detail::integers<real, Arch>::load_aligned(values));
  }
};

}  // namespace typegrad::cpu
TYPEGRAD_QUIET_END

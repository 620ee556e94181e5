// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/body.hpp>
#include <typegrad/evaluators/cpu/convolution/split.hpp>
#include <typegrad/evaluators/cpu/runs.hpp>

// What is done to the finished vectors of a contraction while they are in registers: the step's
// body, and its stores.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

template <class Source, class Arch>
struct step_epilogue : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  using typename body::scalars;
  using typename body::vectors;
  static constexpr auto const& info = body::info;
  static constexpr auto const& p = info.product;
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
    compute(
        q, column, sum,
        [&]<dtype Type>(std::integral_constant<dtype, Type>, auto const* base, access const& a)
            __attribute__((always_inline)) { return load<Type>(base, a, q, column, n); },
        [&]<dtype Type>(std::integral_constant<dtype, Type>, auto* base, access const& a,
                        auto const& x)
            __attribute__((always_inline)) { write<Type>(base, a, q, column, x, n); });
  }

  template <std::int64_t Columns, class Batch, class N>
  TYPEGRAD_INLINE void run_of(std::int64_t row, std::int64_t column, Batch const& sum,
                              N n) const {
    std::int64_t const element = row * Columns + column;
    compute(
        loop, column, sum,
        [&]<dtype Type>(std::integral_constant<dtype, Type>, auto const* base, access const& a)
            __attribute__((always_inline)) {
              base += body::template offset<p.loops>(a, loop);
              return follows(a, Columns)
                         ? detail::load_lanes<real, Arch, Type>(base + element, 1, n)
                         : repeated<Columns, Type>(base, column);
            },
        [&]<dtype Type>(std::integral_constant<dtype, Type>, auto* base, access const& a,
                        auto const& x) __attribute__((always_inline)) {
          detail::store_lanes<real, Arch, Type>(
              base + body::template offset<p.loops>(a, loop) + element, 1, x, n);
        });
  }

 private:
  /// The body, and its stores. load(type, base, access), write(type, base, access, vector).
  template <class Batch, class Load, class Write>
  TYPEGRAD_INLINE void compute(position const& q, std::int64_t column, Batch const& sum,
                               Load const& load_from, Write const& write_to) const {
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
        body::template cell<I>(v) =
            load_from(std::integral_constant<dtype, x.type>{}, base, x.where);
      } else if constexpr (x.code == op::iota) {
        body::template cell<I>(v) = count<x.type>(x.where, q, column);
      } else {
        body::template cell<I>(v) = body::template apply<I>(v, c);
      }
    });
    body::each_store([&]<int K>() __attribute__((always_inline)) {
      constexpr store x = body::store_at(K);
      auto* const base = static_cast<memory_of<x.type>*>(slots[x.slot]);
      write_to(std::integral_constant<dtype, x.type>{}, base, x.where,
               body::template value<x.value>(v, c));
    });
  }

  /// Rows of so many columns lie one after another.
  static constexpr bool follows(access const& a, std::int64_t columns) {
    if (rank == 0 || a.strides[rank - 1] != 1) return false;
    std::int64_t step = columns;
    for (int i = column_axis - 1; i >= p.loops; --i) {
      if (a.strides[i] != step) return false;
      step *= info.axes[i].extent;
    }
    return true;
  }
  /// All rows are one and the same.
  static constexpr bool one_row(access const& a) {
    for (int i = p.loops; i < column_axis; ++i)
      if (a.strides[i] != 0) return false;
    return true;
  }
  static constexpr bool rows_follow(std::int64_t columns) {
    if (rank - column_axis != 1 || info.axes[column_axis].extent != columns) return false;
    if (columns > width || info.axes[column_axis].batch) return false;
    for (int i = 0; i < body::count; ++i) {
      instruction const& x = body::at(i);
      if (x.code == op::iota) return false;
      if (x.code != op::input) continue;
      if (x.varies && !follows(x.where, columns) &&
          !(one_row(x.where) && x.where.strides[rank - 1] == 1))
        return false;
      if (!x.varies && !one_row(x.where)) return false;
    }
    for (int k = 0; k < info.store_count; ++k)
      if (!follows(body::store_at(k).where, columns)) return false;
    return true;
  }

  /// A row of `Columns` elements again and again, from `column` on.
  template <std::int64_t Columns, dtype Type>
  TYPEGRAD_INLINE static auto repeated(memory_of<Type> const* base, std::int64_t column) {
    if constexpr (Type == dtype::float32 && std::is_same_v<real, float> &&
                  (detail::has_avx512<Arch> || detail::has_avx2<Arch>)) {
      auto const row = load_partial<Arch>(base, lanes<static_cast<int>(Columns)>{});
      return detail::pick_lanes(row, columns_again<Columns>.at + column);
    } else {
      alignas(64) memory_of<Type> values[width];
      for (int i = 0; i < width; ++i) values[i] = base[(column + i) % Columns];
      return detail::load_lanes<real, Arch, Type>(values, 1, lanes<width>{});
    }
  }
  template <std::int64_t Columns>
  struct column_table {
    std::int32_t at[width + Columns] = {};
    constexpr column_table() {
      for (std::int64_t i = 0; i < width + Columns; ++i)
        at[i] = static_cast<std::int32_t>(i % Columns);
    }
  };
  template <std::int64_t Columns>
  static constexpr column_table<Columns> columns_again{};

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

 public:
  /// Whether it takes several rows of so many columns at once; see runs.hpp.
  template <std::int64_t Columns>
  static constexpr bool takes_runs = rows_follow(Columns);
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

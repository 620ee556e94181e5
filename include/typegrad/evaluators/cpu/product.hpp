// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/body.hpp>
#include <typegrad/evaluators/cpu/gemm.hpp>

// Contractions: matrix products whose epilogue is the step's body.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::cpu {

template <class Source, class Arch>
struct product_kernel : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  using typename body::scalars;
  using typename body::vectors;
  static constexpr step_info const& info = body::info;
  static constexpr contraction const& p = info.product;
  static constexpr int rank = body::rank;
  static constexpr int width = body::width;

  static constexpr dtype type() {
    for (int i = 0; i < body::count; ++i)
      if (body::at(i).code == op::dot_general) return body::at(i).type;
    return dtype::float32;
  }
  static constexpr bool transposed(std::int64_t along_row, std::int64_t along_column,
                                   bool single_row, bool single_column) {
    // contiguous along the column, or along the row; a single row or column goes either way
    return along_column != 1 && !single_column && (along_row == 1 || single_row);
  }
  static constexpr bool single(domain_axis const& a) { return a.extent == 1 && !a.batch; }
  static constexpr bool transposed_a =
      transposed(p.a_row, p.a_inner, single(p.rows), single(p.inner));
  static constexpr bool transposed_b =
      transposed(p.b_inner, p.b_column, single(p.inner), single(p.columns));
  static constexpr gemm_shape shape{
      .m = p.rows.batch ? 0 : p.rows.extent,
      .n = p.columns.batch ? 0 : p.columns.extent,
      .k = p.inner.batch ? 0 : p.inner.extent,
      .transposed_a = transposed_a,
      .transposed_b = transposed_b,
  };
  /// Rows `Stride` apart in memory. Of a single row the distance does not matter; one that is
  /// repeated is 0 away from itself, which only a distance at run time can say.
  template <std::int64_t Stride, bool Single>
  using rows_of = strided<real, (Stride == 0 && Single ? 1 : Stride)>;
  template <class Rows>
  static constexpr Rows rows_at(real const* data) {
    if constexpr (Rows::stride_if_static == 0)
      return {data, 0};
    else
      return {data};
  }
  using operand_a = std::conditional_t<transposed_a, rows_of<p.a_inner, single(p.inner)>,
                                       rows_of<p.a_row, single(p.rows)>>;
  using operand_b = std::conditional_t<transposed_b, rows_of<p.b_column, single(p.columns)>,
                                       rows_of<p.b_inner, single(p.inner)>>;
  using kernel = gemm<shape, real, Arch>;

  /// The domain axis where the columns begin.
  static constexpr int column_axis = first_column(info);

  static constexpr std::size_t scratch_bytes(int team_size) {
    return (kernel::template scratch_bytes<operand_a, operand_b>(team_size) + 63) / 64 * 64;
  }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    static_assert((type() == dtype::float64) == std::is_same_v<real, double>,
                  "a matrix product and what is computed from its result at once must be of one "
                  "floating dtype");
    auto const size = [&](domain_axis const& a) {
      return a.extent * (a.batch ? run.batch_size : 1);
    };
    std::int64_t const loops = body::positions(0, p.loops, run);
    for (std::int64_t i = 0; i < loops; ++i) {
      position at;
      body::template locate<0, p.loops>(i, at);
      auto const* const a = static_cast<real const*>(slots[p.slot_a]);
      auto const* const b = static_cast<real const*>(slots[p.slot_b]);
      kernel::run(members, size(p.rows), size(p.columns), size(p.inner),
                  rows_at<operand_a>(a + body::template offset<p.loops>(p.a, at)),
                  rows_at<operand_b>(b + body::template offset<p.loops>(p.b, at)),
                  epilogue{slots, at, run}, run.scratch);
      if (p.loops > 0 && i + 1 < loops) members.barrier();  // the scratch memory is used again
    }
  }

 private:
  static constexpr bool is_heavy() {
    int cost = 0;
    for (int i = 0; i < body::count; ++i)
      if (body::at(i).varies) cost += cost_of(body::at(i).code);
    return cost > 10;
  }

  struct epilogue {
    static constexpr bool heavy = is_heavy();

    void* const* slots;
    position at;
    run_context const& run;

    template <class Batch, class N>
    TYPEGRAD_INLINE void operator()(std::int64_t row, std::int64_t column, Batch const& sum,
                                    N n) const {
      position q = at;
      body::template locate<p.loops, column_axis>(row, q);
      scalars c;
      vectors v;
      body::each([&]<int I>() __attribute__((always_inline)) {
        constexpr instruction x = body::at(I);
        if constexpr (x.code == op::dot_general) {
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
};

}  // namespace typegrad::cpu
TYPEGRAD_QUIET_END

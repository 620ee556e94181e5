// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/launch.hpp>
#include <typegrad/evaluators/thrust/library.hpp>
#include <typegrad/evaluators/thrust/matrix.hpp>

// Products of dense matrices.

TYPEGRAD_ON_THRUST_BEGIN

/// A dense operand: element (outer, inner) at outer * Strides::outer + inner * Strides::inner.
template <class T, bool AlongInner, bool ByFour, class Strides>
struct dense_operand {
  static constexpr bool along_inner = AlongInner;
  static constexpr bool by_four = ByFour;
  using real = std::conditional_t<std::is_same_v<T, double>, double, float>;

  T const* data;
  std::int64_t outer_count;

  struct line {
    T const* from;  ///< null beyond the end
  };
  TYPEGRAD_DEVICE line at(std::int64_t outer) const {
    return {outer < outer_count ? data + outer * Strides::outer : nullptr};
  }
  TYPEGRAD_DEVICE real one(line const& l, std::int64_t inner) const {
    return l.from == nullptr ? real(0) : static_cast<real>(l.from[inner * Strides::inner]);
  }
  TYPEGRAD_DEVICE void four(line const& l, std::int64_t inner, real* to) const {
    if (l.from == nullptr) return;
    auto const v = *reinterpret_cast<pack<T, 4> const*>(l.from + inner * Strides::inner);
    TYPEGRAD_UNROLLED
    for (int w = 0; w < 4; ++w) to[w] = static_cast<real>(v.at[w]);
  }
};

template <class Source>
struct product_operands {
  using body = step_body<Source>;
  using arguments = typename body::arguments;
  static constexpr auto const& info = Source::info;
  static constexpr auto const& p = Source::info.product;
  using element = memory_of<body::at(step_epilogue<Source>::product).type>;
  static constexpr std::int64_t inner = p.inner.extent;
  static constexpr std::int64_t columns = p.columns.extent;

  struct left_strides {
    static constexpr std::int64_t outer = p.a_row, inner = p.a_inner;
  };
  struct right_strides {
    static constexpr std::int64_t outer = p.b_column, inner = p.b_inner;
  };
  /// Whether runs of `neighbours` elements start at multiples of 4, and are of a multiple of 4.
  static constexpr bool in_fours(access const& where, std::int64_t other, std::int64_t neighbours) {
    if (where.offset % 4 != 0 || other % 4 != 0 || neighbours % 4 != 0) return false;
    for (int i = 0; i < p.loops; ++i)
      if (where.strides[i] % 4 != 0) return false;
    return true;
  }
  static constexpr bool left_along = p.a_inner == 1;
  static constexpr bool right_along = p.b_inner == 1 && p.b_column != 1;
  static constexpr bool left_fours = left_along
                                         ? in_fours(p.a, p.a_row, inner)
                                         : p.a_row == 1 && in_fours(p.a, p.a_inner, p.rows.extent);
  static constexpr bool right_fours = right_along
                                          ? in_fours(p.b, p.b_column, inner)
                                          : p.b_column == 1 && in_fours(p.b, p.b_inner, columns);
  using left = dense_operand<element, left_along, left_fours, left_strides>;
  using right = dense_operand<element, right_along, right_fours, right_strides>;

  TYPEGRAD_DEVICE static left left_of(arguments const& a, std::int64_t loop) {
    constexpr access where = left_where();
    return {static_cast<element const*>(a.slots[left_slot]) + first(where, loop),
            rows * (rows_batched ? a.run.samples : 1)};
  }
  TYPEGRAD_DEVICE static right right_of(arguments const& a, std::int64_t loop) {
    constexpr access where = right_where();
    return {static_cast<element const*>(a.slots[right_slot]) + first(where, loop), columns};
  }

 private:
  static constexpr access left_where() { return p.a; }
  static constexpr access right_where() { return p.b; }
  static constexpr int left_slot = p.slot_a, right_slot = p.slot_b, loops = p.loops;
  static constexpr std::int64_t rows = p.rows.extent;
  static constexpr bool rows_batched = p.rows.batch;

  TYPEGRAD_DEVICE static std::int64_t first(access const& where, std::int64_t loop) {
    typename body::position at;
    body::template locate<0, loops>(loop, at);
    std::int64_t e = where.offset;
    for (int i = 0; i < loops; ++i) e += where.strides[i] * at.along[i];
    return e;
  }
};

template <class Source, arithmetic Arithmetic>
struct product_kernel : matrix_kernel<Source, product_operands<Source>, Arithmetic> {
#if TYPEGRAD_CUDA
  using base = matrix_kernel<Source, product_operands<Source>, Arithmetic>;
  using typename base::arguments;
  using typename base::real;
  using operands = product_operands<Source>;
  using element = typename operands::element;
  static constexpr auto const& p = Source::info.product;
  static constexpr auto simple = base::what_is_simple();

  /// Whether this product is large enough for the library, and of a form that it knows.
  static bool for_library(std::int64_t batch_size) {
    constexpr double worth = 1 << 28;  // multiply-adds
    if (p.loops > 1 || p.a_inner * p.a_row == 0 || p.b_inner * p.b_column == 0) return false;
    bool const known = (p.a_inner == 1 || p.a_row == 1) && (p.b_inner == 1 || p.b_column == 1);
    return known && static_cast<double>(base::rows_of(batch_size)) *
                            static_cast<double>(base::inner_of(batch_size)) *
                            static_cast<double>(base::columns) >=
                        worth;
  }
  /// What the library does alone; else it stores sums, and the epilogue is a pass of its own.
  static constexpr bool all_in_library =
      simple.possible && (simple.result_type == base::body::at(base::product).type ||
                          simple.result_type == dtype::float32);
  using bias_element = memory_of<simple.result_type>;  ///< what the library wants

  static std::int64_t scratch_bytes(std::int64_t batch_size) {
    if (!for_library(batch_size)) return base::scratch_bytes(batch_size);
    if (all_in_library) return base::columns * std::int64_t{sizeof(real)};
    return base::template positions<0, base::loops>(batch_size) * base::rows_of(batch_size) *
           base::columns * std::int64_t{sizeof(real)};
  }

  /// One number a column, in the type of the result.
  struct bias_kernel {
    struct arguments {
      memory_of<simple.bias_type> const* from;
      bias_element* to;
    };
    TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
      a.to[u] = static_cast<bias_element>(static_cast<real>(a.from[u]));
    }
  };
  /// The epilogue of sums that the library stored, `width` columns a unit.
  struct finishing_kernel {
    using arguments = typename base::arguments;
    TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
      constexpr int width = base::width;
      std::int64_t const first = u * width;
      std::int64_t const rows = base::row_extent * (base::rows_batched ? a.run.batch_size : 1);
      pack<real, width> const sums = *reinterpret_cast<pack<real, width> const*>(
          reinterpret_cast<real*>(a.run.scratch) + first);
      base::template apply<width>(a, first / base::columns / rows, first / base::columns % rows,
                                  first % base::columns, sums.at);
    }
  };

  static void launch(queue& q, arguments const& a) {
    std::int64_t const batch = a.run.batch_size;
    if (!for_library(batch))
      return launch_tiles<product_kernel>(q, base::tiles(batch), a, base::plan_of(batch));
    library_product l;
    l.rows = base::rows_of(batch);
    l.columns = base::columns;
    l.inner = base::inner_of(batch);
    l.loops = base::template positions<0, base::loops>(batch);
    l.a = static_cast<element const*>(a.slots[p.slot_a]) + p.a.offset;
    l.a_row = p.a_row;
    l.a_inner = p.a_inner;
    l.b = static_cast<element const*>(a.slots[p.slot_b]) + p.b.offset;
    l.b_inner = p.b_inner;
    l.b_column = p.b_column;
    if (p.loops == 1) {
      l.a_loop = p.a.strides[0];
      l.b_loop = p.b.strides[0];
    }
    l.operand_type = library_type<element>();
    l.tensor_float32 = Arithmetic == arithmetic::tensor_float32;
    if constexpr (all_in_library) {
      l.c = a.slots[simple.result_slot];
      l.result_type = library_type<memory_of<simple.result_type>>();
      l.relu = simple.relu;
      if constexpr (simple.bias_slot >= 0) {
        auto const* const bias =
            static_cast<memory_of<simple.bias_type> const*>(a.slots[simple.bias_slot]);
        l.bias = bias;
        if constexpr (!std::is_same_v<memory_of<simple.bias_type>, bias_element>) {
          auto* const converted_bias = reinterpret_cast<bias_element*>(a.run.scratch);
          launch_units<bias_kernel>(q, base::columns, {bias, converted_bias});
          l.bias = converted_bias;
        }
      }
      library_of(q).multiply(q, l);
    } else {
      l.c = a.run.scratch;
      l.result_type = library_type<real>();
      library_of(q).multiply(q, l);
      launch_units<finishing_kernel>(q, l.loops * l.rows * l.columns / base::width, a);
    }
  }
#endif
};

TYPEGRAD_ON_THRUST_END

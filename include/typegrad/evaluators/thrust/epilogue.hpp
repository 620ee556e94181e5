// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/body.hpp>

// What becomes of a product's elements before they are stored.

TYPEGRAD_ON_THRUST_BEGIN

template <class Source>
struct step_epilogue : step_body<Source> {
  using body = step_body<Source>;
  using typename body::arguments;
  using typename body::position;
  static constexpr auto const& info = body::info;
  static constexpr int rank = body::rank;
  static constexpr int loops = info.product.loops;
  static constexpr int columns_axis = first_column(info);

  /// Neighbouring columns that are stored at once.
  static constexpr int choose_epilogue_width() {
    return columns_axis == rank - 1 ? body::choose_width() : 1;
  }
  static constexpr int width = choose_epilogue_width();

  /// The instruction that is the product itself.
  static constexpr int product_at() {
    for (int i = 0; i < body::count; ++i)
      if (is_contraction(body::at(i).code)) return i;
    return -1;
  }
  static constexpr int product = product_at();
  static_assert(is_floating(body::at(product).type),
                "a matrix product on the Thrust evaluator needs floating-point values; cast them "
                "first");
  using real = typename body::template value_type<product>;

  /// Finishes `Width` elements of row `row` from `column` on; `loop` counts along the loop axes.
  template <int Width>
  TYPEGRAD_DEVICE static void apply(arguments const& a, std::int64_t loop, std::int64_t row,
                                    std::int64_t column, real const* values) {
    position p;
    body::template locate<0, loops>(loop, p);
    body::template locate<loops, columns_axis>(row, p);
    body::template locate<columns_axis, rank>(column, p);
    typename body::template cells<Width> c;
    TYPEGRAD_UNROLLED
    for (int w = 0; w < Width; ++w)
      body::template get<product, Width>(c).at[w] = converted<body::at(product).type>(values[w]);
    body::compute_all(c, a, p);
    body::store_all(c, a, p);
  }

  /// The same, for any number of columns.
  TYPEGRAD_DEVICE static void apply_some(arguments const& a, std::int64_t loop, std::int64_t row,
                                         std::int64_t column, std::int64_t count,
                                         real const* values) {
    for (std::int64_t i = 0; i < count; ++i) apply<1>(a, loop, row, column + i, values + i);
  }

  /// What a library can do with a product's elements besides storing them: add a number for each
  /// column, and relu.
  struct simple {
    bool possible = false;
    int bias_slot = -1;
    dtype bias_type = dtype::float32;
    bool relu = false;
    int result_slot = -1;
    dtype result_type = dtype::float32;
  };
  static constexpr simple what_is_simple() {
    simple s;
    if (info.store_count != 1) return s;
    store const x = body::store_at(0);
    if (!dense(x.where) || !is_floating(x.type)) return s;
    int at = x.value;
    // backwards: a cast of the result, relu, a sum with a number a column, the product
    if (body::at(at).code == op::cast) {
      if (x.type != dtype::float32) return s;
      at = body::at(at).a;
    }
    if (body::at(at).code == op::maximum) {
      instruction const& m = body::at(at);
      bool const first = is_zero(m.a);
      if (!first && !is_zero(m.b)) return s;
      s.relu = true;
      at = first ? m.b : m.a;
    }
    if (body::at(at).code == op::add) {
      instruction const& sum = body::at(at);
      bool const first = sum.a == product;
      if (!first && sum.b != product) return s;
      int bias = first ? sum.b : sum.a;
      if (body::at(bias).code == op::cast) bias = body::at(bias).a;
      instruction const& b = body::at(bias);
      if (b.code != op::input || b.where.offset != 0 || columns_axis != rank - 1) return s;
      for (int i = 0; i < rank; ++i)
        if (b.where.strides[i] != (i == rank - 1 ? 1 : 0)) return s;
      s.bias_slot = b.slot;
      s.bias_type = b.type;
      at = first ? sum.a : sum.b;
    }
    if (at != product) return s;
    s.possible = true;
    s.result_slot = x.slot;
    s.result_type = x.type;
    return s;
  }

 private:
  static constexpr bool is_zero(int i) {
    return body::at(i).code == op::constant && body::at(i).value == 0;
  }
  /// Whether elements lie one after the other, in the order of the domain.
  static constexpr bool dense(access const& where) {
    if (where.offset != 0) return false;
    std::int64_t stride = 1;
    for (int i = rank - 1; i >= 0; --i) {
      bool const single = info.axes[i].extent == 1 && !info.axes[i].batch;
      if (!single && where.strides[i] != stride) return false;
      stride *= info.axes[i].extent;
    }
    return true;
  }
};

TYPEGRAD_ON_THRUST_END

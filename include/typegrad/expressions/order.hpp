// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/reduction.hpp>
#include <typegrad/ops/cumulative.hpp>
#include <typegrad/ops/gather.hpp>
#include <typegrad/ops/sort.hpp>

#include <tuple>

// Elements by their index, in order, and added up along an axis.

namespace typegrad {

namespace expressions {

template <int Axis>
struct take_function {
  static constexpr symbol call(symbol x, symbol indices) {
    int axis = Axis;
    if (!graph_axis("take", x, axis)) return {x.owner(), -1};
    if (indices.per_sample() && (x.per_sample() || axis > 0))
      return poison(x.owner(), typegrad::sentence("take: indices with a dynamic first axis are for "
                                                  "axis 0 of values without one"));
    return take(x, indices, axis);
  }
};
template <int Axis>
struct take_along_axis_function {
  static constexpr symbol call(symbol x, symbol indices) {
    int axis = Axis;
    if (!graph_axis("take_along_axis", x, axis)) return {x.owner(), -1};
    if (x.per_sample() != indices.per_sample())
      return poison(x.owner(), typegrad::sentence("take_along_axis: needs a dynamic first axis in "
                                                  "both values or in none"));
    return take_along_axis(x, indices, axis);
  }
};
/// Samples add to one result.
template <int Axis, std::int64_t... Dims>
struct scatter_add_function {
  static constexpr symbol call(symbol indices, symbol updates) {
    extents const shape{Dims...};
    int const axis = Axis < 0 ? Axis + shape.rank : Axis;
    if (axis < 0 || axis >= shape.rank)
      return poison(indices.owner(),
                    typegrad::sentence("scatter_add: axis ", Axis, " does not exist in extents ",
                                       to_text(shape)));
    bool const rows = indices.per_sample() || updates.per_sample();
    if (rows && axis > 0)
      return poison(indices.owner(),
                    typegrad::sentence("scatter_add: with a dynamic first axis the "
                                       "axis must be 0, got ",
                                       Axis));
    return scatter_add(shape, indices, updates, axis, rows);
  }
};

template <int Axis, bool Descending, bool Positions>
struct sort_function {
  static constexpr symbol call(symbol x) {
    int axis = Axis;
    if (!graph_axis("sort", x, axis)) return {x.owner(), -1};
    return Positions ? argsort(x, axis, Descending) : sort(x, axis, Descending);
  }
};
template <std::int64_t K, bool Positions>
struct top_k_function {
  static constexpr symbol call(symbol x) {
    auto const found = top_k(x, K);
    return Positions ? found.indices : found.values;
  }
};

template <int Axis, bool Product, bool Reverse, bool Exclusive>
struct cumulative_function {
  static constexpr symbol call(symbol x) {
    int axis = Axis;
    if (!graph_axis(Product ? "cumprod" : "cumsum", x, axis)) return {x.owner(), -1};
    return Product ? cumprod(x, axis, Reverse, Exclusive) : cumsum(x, axis, Reverse, Exclusive);
  }
};

}  // namespace expressions

/// The elements of x at integer indices along an axis, which the indices' axes take the place of:
/// NumPy's and Keras's `take`. Negative indices count from the end; what lies outside is held to
/// the first or last element.
template <int Axis = 0, expressions::valued X, expressions::valued I>
constexpr auto take(X&& x, I&& indices) {
  return expressions::operate_on<expressions::take_function<Axis>>(std::forward<X>(x),
                                                                   std::forward<I>(indices));
}
template <int Axis = 0, expressions::valued X, expressions::valued I>
constexpr auto gather(X&& x, I&& indices) {
  return take<Axis>(std::forward<X>(x), std::forward<I>(indices));
}
/// The element of x at position indices[...] along an axis, otherwise at the same place.
template <int Axis = -1, expressions::valued X, expressions::valued I>
constexpr auto take_along_axis(X&& x, I&& indices) {
  return expressions::operate_on<expressions::take_along_axis_function<Axis>>(
      std::forward<X>(x), std::forward<I>(indices));
}
/// Zeros of the extents, with updates added at the indices along an axis; what stands at several
/// equal indices is added up. The updates have the extents of `take`'s result. With a dynamic first
/// axis all rows add to one result.
template <int Axis = 0, std::int64_t... Dims, expressions::valued I, expressions::valued U>
constexpr auto scatter_add(shape<Dims...>, I&& indices, U&& updates) {
  return expressions::operate_on<expressions::scatter_add_function<Axis, Dims...>>(
      std::forward<I>(indices), std::forward<U>(updates));
}

/// x in ascending order along an axis, NaN last; the greatest first if Descending.
template <int Axis = -1, bool Descending = false, expressions::valued X>
constexpr auto sort(X&& x) {
  return expressions::operate_on<expressions::sort_function<Axis, Descending, false>>(
      std::forward<X>(x));
}
/// The positions that sort x along an axis, equal elements in their order; int32.
template <int Axis = -1, bool Descending = false, expressions::valued X>
constexpr auto argsort(X&& x) {
  return expressions::operate_on<expressions::sort_function<Axis, Descending, true>>(
      std::forward<X>(x));
}
/// The K greatest elements along the last axis, the greatest first, and where they stand, as a
/// std::tuple; of equal ones the lower position comes first.
template <std::int64_t K, expressions::valued X>
constexpr auto top_k(X&& x) {
  auto const e = expressions::as_expression(std::forward<X>(x));
  return std::tuple{expressions::operate_on<expressions::top_k_function<K, false>>(e),
                    expressions::operate_on<expressions::top_k_function<K, true>>(e)};
}

/// The sums of x along an axis up to each element: from the last one backwards if Reverse, without
/// the element itself if Exclusive.
template <int Axis = -1, bool Reverse = false, bool Exclusive = false, expressions::valued X>
constexpr auto cumsum(X&& x) {
  return expressions::operate_on<expressions::cumulative_function<Axis, false, Reverse, Exclusive>>(
      std::forward<X>(x));
}
/// The products of x along an axis up to each element.
template <int Axis = -1, bool Reverse = false, bool Exclusive = false, expressions::valued X>
constexpr auto cumprod(X&& x) {
  return expressions::operate_on<expressions::cumulative_function<Axis, true, Reverse, Exclusive>>(
      std::forward<X>(x));
}

}  // namespace typegrad

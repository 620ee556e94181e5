// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/core/dtype.hpp>
#include <typegrad/core/extents.hpp>
#include <typegrad/expressions/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>

namespace typegrad {

/// What every expression derives from, so that the operators on them are found.
struct expression_base {};

namespace expressions {

using base = expression_base;

/// Functions on expressions whose name is a layer's, `reshape(x, shape<2, 3>{})`, are found by
/// their argument: in this namespace.
template <class Derived>
struct found_here {};

template <class E>
concept expression = std::is_base_of_v<base, std::remove_cvref_t<E>>;

/// What is known of a value while compiling. `shape` is that of the graph's node: without a leading
/// axis that is `dynamic`.
struct value_facts {
  extents shape;
  dtype type = dtype::float32;
  bool dynamic_rows = false;  ///< it has such an axis, which the graph takes for its batch
  bool failed = false;        ///< a part of it is wrong, and has been said to be

  constexpr int rank() const { return shape.rank + dynamic_rows; }
};

// Numbers, so that compilers say nothing but the sentence where a tensor is none.
template <class T>
inline constexpr bool is_element = tensor_element<T>;
template <std::size_t Axes>
inline constexpr bool few_axes = Axes <= max_rank;

/// The facts of a value of these extents, as they stand in a tensor's type.
template <class T, std::int64_t... Dims>
constexpr value_facts facts_of() {
  value_facts f;
  if constexpr (is_element<T>) f.type = dtype_of<T>;
  int axis = 0;
  for (std::int64_t const n : std::initializer_list<std::int64_t>{Dims...}) {
    if (axis++ == 0 && n == dynamic)
      f.dynamic_rows = true;
    else
      f.shape.push_back(n);
  }
  return f;
}

template <std::int64_t... Dims>
constexpr bool only_the_first_is_dynamic() {
  int axis = 0;
  for (std::int64_t const n : std::initializer_list<std::int64_t>{Dims...})
    if (axis++ > 0 && n == dynamic) return false;
  return true;
}

/// Nested braces, one level an axis.
template <class T, std::size_t Rank>
struct nested {
  using type = std::initializer_list<typename nested<T, Rank - 1>::type>;
};
template <class T>
struct nested<T, 0> {
  using type = T;
};

template <class T, class List>
void write_nested(List const& list, std::span<std::int64_t const> shape, T*& to, int axis) {
  if constexpr (std::is_same_v<List, T>) {
    *to++ = list;
  } else {
    auto const wanted = shape[static_cast<std::size_t>(axis)];
    if (static_cast<std::int64_t>(list.size()) != wanted)
      refuse("tensor: axis ", axis, " has length ", wanted, ", got braces with ",
             static_cast<std::int64_t>(list.size()), " elements");
    for (auto const& part : list) write_nested<T>(part, shape, to, axis + 1);
  }
}

/// The memory of elements: within the tensor where they are few, else on the heap, at a multiple of
/// 64 bytes.
template <class T, std::int64_t Count>
class storage {
 public:
  storage() = default;
  explicit storage(std::int64_t count, uninitialized_tag) : items_(count, uninitialized_tag{}) {}
  T* data() { return items_.data(); }
  T const* data() const { return items_.data(); }

 private:
  aligned_buffer<T> items_;
};
template <class T, std::int64_t Count>
requires(Count >= 0 && Count * std::int64_t{sizeof(T)} <= 64)
class storage<T, Count> {
 public:
  storage() = default;
  explicit storage(std::int64_t, uninitialized_tag) {}
  T* data() { return items_; }
  T const* data() const { return items_; }

 private:
  alignas(Count * sizeof(T) >= 16 ? 16 : alignof(T)) T items_[Count > 0 ? Count : 1] = {};
};

}  // namespace expressions

/// An array of T (float, double, std::int32_t, bool) with its extents in its type; the first may be
/// `dynamic`. Dense and row-major. It owns its elements: at most 64 bytes of them lie in it, more
/// on the heap, at a multiple of 64 bytes. Moved from, a tensor on the heap is empty: it may be
/// assigned to or destroyed.
///
///     tensor<float, 2, 3> x{{1, 2, 3}, {4, 5, 6}};
///     x(1, 2) = 7;
///     tensor<float, 2> const y = sum<1>(2 * x);  // from any expression of its extents
template <class T, std::int64_t... Dims>
class tensor : expressions::found_here<tensor<T, Dims...>> {
  static_assert(expressions::is_element<T>,
                "a tensor's elements are float, double, std::int32_t or bool");
  static_assert(expressions::few_axes<sizeof...(Dims)>, "a tensor has at most 8 axes");
  static_assert(((Dims >= 0 || Dims == dynamic) && ...), "a tensor's extents are not negative");
  static_assert(expressions::only_the_first_is_dynamic<Dims...>(),
                "only a tensor's first extent may be dynamic");

 public:
  using value_type = T;
  static constexpr std::size_t rank = sizeof...(Dims);
  static constexpr expressions::value_facts facts = expressions::facts_of<T, Dims...>();
  static constexpr bool is_dynamic = facts.dynamic_rows;

  /// Zeros; no rows where the first extent is dynamic.
  tensor() : tensor(is_dynamic ? 0 : 1, uninitialized_tag{}) { fill(T{}); }
  /// Zeros, with so many rows.
  explicit tensor(std::int64_t rows)
  requires(is_dynamic)
      : tensor(rows, uninitialized_tag{}) {
    fill(T{});
  }
  /// From nested braces, whose lengths must be the extents.
  tensor(typename expressions::nested<T, rank>::type const& values)
  requires(rank > 0)
      : tensor(is_dynamic ? static_cast<std::int64_t>(values.size()) : 1, uninitialized_tag{}) {
    T* to = data();
    expressions::write_nested<T>(values, dims_of(), to, 0);
  }
  /// A scalar.
  tensor(T value)
  requires(rank == 0)
  {
    *data() = value;
  }
  /// The values of an expression of these extents. In expressions/evaluate.hpp.
  template <class E>
  requires(expressions::expression<E>)
  tensor(E const& e);
  template <class E>
  requires(expressions::expression<E>)
  tensor& operator=(E const& e);

  /// Rows as they come, for results that are about to be written.
  tensor(std::int64_t rows, uninitialized_tag tag)
      : items_((is_dynamic ? rows : 1) * facts.shape.count(), tag) {
    if constexpr (is_dynamic) {
      if (rows < 0) expressions::refuse("tensor: needs no negative number of rows, got ", rows);
      rows_ = rows;
    }
  }

  /// The length of the first axis; 1 for a scalar.
  std::int64_t rows() const {
    if constexpr (is_dynamic)
      return rows_;
    else
      return rank == 0 ? 1 : facts.shape.front();
  }
  /// The number of elements.
  std::size_t size() const {
    return static_cast<std::size_t>((is_dynamic ? rows() : 1) * facts.shape.count());
  }
  std::array<std::size_t, rank> shape() const {
    std::array<std::size_t, rank> out{};
    auto const dims = dims_of();
    for (std::size_t i = 0; i < rank; ++i) out[i] = static_cast<std::size_t>(dims[i]);
    return out;
  }
  /// Elements between neighbours along each axis.
  std::array<std::ptrdiff_t, rank> strides() const {
    std::array<std::ptrdiff_t, rank> out{};
    std::ptrdiff_t next = 1;
    auto const dims = dims_of();
    for (std::size_t i = rank; i-- > 0;) {
      out[i] = next;
      next *= static_cast<std::ptrdiff_t>(dims[i]);
    }
    return out;
  }

  T* data() { return items_.data(); }
  T const* data() const { return items_.data(); }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  T const* begin() const { return data(); }
  T const* end() const { return data() + size(); }
  std::span<T> span() { return {data(), size()}; }
  std::span<T const> span() const { return {data(), size()}; }

  /// The element at a position, which is not checked; negative ones are not allowed.
  template <class... Positions>
  requires(sizeof...(Positions) == rank)
  T& operator()(Positions... at) {
    return data()[offset(at...)];
  }
  template <class... Positions>
  requires(sizeof...(Positions) == rank)
  T const& operator()(Positions... at) const {
    return data()[offset(at...)];
  }
  /// The same; std::invalid_argument for a position outside of the extents.
  template <class... Positions>
  requires(sizeof...(Positions) == rank)
  T& at(Positions... at) {
    check(at...);
    return (*this)(at...);
  }
  template <class... Positions>
  requires(sizeof...(Positions) == rank)
  T const& at(Positions... at) const {
    check(at...);
    return (*this)(at...);
  }
  T& operator[](std::size_t i)
  requires(rank == 1)
  {
    return data()[i];
  }
  T const& operator[](std::size_t i) const
  requires(rank == 1)
  {
    return data()[i];
  }
  /// A scalar is its value.
  operator T() const
  requires(rank == 0)
  {
    return *data();
  }

  tensor& fill(T value) {
    std::fill(begin(), end(), value);
    return *this;
  }

 private:
  std::array<std::int64_t, rank> dims_of() const {
    std::array<std::int64_t, rank> out{Dims...};
    if constexpr (is_dynamic) out[0] = rows_;
    return out;
  }
  template <class... Positions>
  std::size_t offset(Positions... at) const {
    std::size_t position = 0;
    [[maybe_unused]] std::size_t axis = 0;
    constexpr std::array<std::int64_t, rank> dims{Dims...};
    ((position = position * static_cast<std::size_t>(axis == 0 ? 1 : dims[axis]) +
                 static_cast<std::size_t>(at),
      ++axis),
     ...);
    return position;
  }
  template <class... Positions>
  void check(Positions... at) const {
    auto const dims = dims_of();
    [[maybe_unused]] std::size_t axis = 0;
    auto const one = [&](std::int64_t position) {
      if (position < 0 || position >= dims[axis])
        expressions::refuse("tensor: position ", position, " does not lie on axis ",
                            static_cast<std::int64_t>(axis), " of length ", dims[axis]);
      ++axis;
    };
    (one(static_cast<std::int64_t>(at)), ...);
  }

  struct none {};
  expressions::storage<T, is_dynamic ? -1 : facts.shape.count()> items_;
  [[no_unique_address]] std::conditional_t<is_dynamic, std::int64_t, none> rows_{};
};

namespace expressions {

template <class T, std::int64_t... Dims>
tensor<T, Dims...> as_tensor_type(tensor<T, Dims...> const&);

/// A tensor, or what derives from one.
template <class X>
concept any_tensor = requires(std::remove_cvref_t<X> const& x) { as_tensor_type(x); };
template <any_tensor X>
using tensor_of = decltype(as_tensor_type(std::declval<X const&>()));

/// The C++ type of a dtype's elements.
template <dtype Type>
using element_of = std::conditional_t<
    Type == dtype::float64, double,
    std::conditional_t<
        Type == dtype::int32, std::int32_t,
        std::conditional_t<Type == dtype::boolean, bool,
                           std::conditional_t<Type == dtype::int8, std::int8_t, float>>>>;

template <class E, std::size_t... Axis>
auto tensor_like(std::index_sequence<Axis...>) {
  using element = element_of<E::facts.type>;
  if constexpr (E::facts.dynamic_rows)
    return std::type_identity<tensor<element, dynamic, E::facts.shape.dims[Axis]...>>{};
  else
    return std::type_identity<tensor<element, E::facts.shape.dims[Axis]...>>{};
}

/// The tensor type that holds E's values.
template <class E>
using tensor_for = typename decltype(tensor_like<E>(
    std::make_index_sequence<static_cast<std::size_t>(E::facts.shape.rank)>{}))::type;

}  // namespace expressions
}  // namespace typegrad

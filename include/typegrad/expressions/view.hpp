// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/variable.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

// Arrays of others in expressions, where they lie.

namespace typegrad {

/// An array of somebody else's, dense and row-major, as a value with extents: an operand of
/// expressions, and something to assign them to unless T is const.
template <class T, std::int64_t... Dims>
class tensor_view : expressions::found_here<tensor_view<T, Dims...>> {
 public:
  using value_type = std::remove_const_t<T>;
  using tensor_type = tensor<value_type, Dims...>;
  static constexpr expressions::value_facts facts = tensor_type::facts;
  static constexpr bool is_dynamic = facts.dynamic_rows;

  /// std::invalid_argument unless there are as many elements as the extents say.
  explicit tensor_view(std::span<T> elements, std::shared_ptr<void const> owner = {})
      : data_{elements.data()}, owner_{std::move(owner)} {
    auto const count = static_cast<std::int64_t>(elements.size());
    std::int64_t const each = facts.shape.count();
    if (is_dynamic ? each == 0 || count % each != 0 : count != each)
      expressions::refuse("as_tensor: needs ", is_dynamic ? "a multiple of " : "", each,
                          is_dynamic ? " elements for rows of extents " : " elements for extents ",
                          to_text(facts.shape), ", got ", count);
    if constexpr (is_dynamic) rows_ = count / each;
  }
  /// The values of an expression are written into the array, which it may read.
  template <expressions::operand X>
  tensor_view const& operator=(X const& x) const
  requires(!std::is_const_v<T>)
  {
    if constexpr (std::is_arithmetic_v<X>) {
      std::fill_n(data_, size(), static_cast<T>(x));
    } else {
      target to{data_, rows()};
      expressions::assign_all(std::tie(to), expressions::expression_in(x));
    }
    return *this;
  }
  tensor_view(tensor_view const&) = default;
  tensor_view& operator=(tensor_view const& other)
  requires(!std::is_const_v<T>)
  {
    target to{data_, rows()};
    expressions::assign_all(std::tie(to), as_expression(other));
    return *this;
  }

  T* data() const { return data_; }
  std::int64_t rows() const {
    return is_dynamic ? rows_ : facts.shape.rank == 0 ? 1 : facts.shape.front();
  }
  std::size_t size() const {
    return static_cast<std::size_t>((is_dynamic ? rows_ : 1) * facts.shape.count());
  }

  /// In an expression.
  struct leaf : expressions::base {
    static constexpr expressions::value_facts facts = tensor_type::facts;
    static constexpr int leaf_count = 1;
    static constexpr int price = 0;
    static constexpr bool is_open(list<expressions::type_key>&) { return false; }

    T* data;
    std::int64_t rows;
    std::shared_ptr<void const> owner;

    leaf(T* d, std::int64_t r, std::shared_ptr<void const> o)
        : data{d}, rows{r}, owner{std::move(o)} {}
    static constexpr symbol trace(expressions::tracer& t) { return t.leaf(facts, {}); }
    template <int I>
    TYPEGRAD_INLINE void bind(expressions::bound_leaf* to) const {
      to[I].data = data;
      if constexpr (is_dynamic) to[I].rows = rows;
    }
  };
  static leaf as_expression(tensor_view const& v) { return {v.data_, v.rows_, v.owner_}; }

 private:
  /// What an expression is written to.
  struct target {
    static constexpr expressions::value_facts facts = tensor_type::facts;
    static constexpr bool is_dynamic = facts.dynamic_rows;
    T* elements;
    std::int64_t row_count;
    target(T* d, std::int64_t r) : elements{d}, row_count{r} {}
    target(std::int64_t wanted, uninitialized_tag) : elements{nullptr}, row_count{0} {
      expressions::refuse("as_tensor: an expression with ", wanted,
                          " rows does not fit the array, which has others");
    }
    T* data() { return elements; }
    std::int64_t rows() const { return row_count; }
  };

  T* data_;
  std::int64_t rows_ = 1;
  std::shared_ptr<void const> owner_;  ///< of an array that was a temporary
};

/// The elements of a contiguous range as a value with these extents, of which the first may be
/// `dynamic`: as_tensor<dynamic, 3>(vector). A range that is a temporary is kept by the view.
template <std::int64_t... Dims, std::ranges::contiguous_range R>
requires(tensor_element<std::ranges::range_value_t<R>> && !requires(R& r) { r.strides(); })
auto as_tensor(R&& elements) {
  using element = std::remove_reference_t<std::ranges::range_reference_t<R>>;
  if constexpr (std::is_lvalue_reference_v<R> || std::ranges::borrowed_range<R>) {
    return tensor_view<element, Dims...>(
        std::span<element>(std::ranges::data(elements), std::ranges::size(elements)));
  } else {
    auto kept = std::make_shared<std::remove_cvref_t<R>>(std::move(elements));
    std::span<element const> const all(std::ranges::data(*kept), std::ranges::size(*kept));
    return tensor_view<element const, Dims...>(all, std::move(kept));
  }
}

}  // namespace typegrad

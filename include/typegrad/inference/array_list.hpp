// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/array_view.hpp>
#include <typegrad/inference/by_name.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace typegrad {

/// Arrays for the inputs or the outputs of a model: one array, several in braces in the model's
/// order, `{wide, deep}`, or by their names, `by_name("deep"_n = deep, "wide"_n = wide)`. What is
/// said of `array_view` holds for each.
class array_list {
 public:
  struct item {
    std::string_view name;  ///< empty: by position
    array_view values;
  };

  array_list() = default;
  template <class A>
  requires array_like<A> || std::same_as<std::remove_cvref_t<A>, array_view>
  array_list(A&& array) : first_{{}, array_view(std::forward<A>(array))}, size_{1} {}
  array_list(std::initializer_list<array_view> arrays) {
    for (array_view const& one : arrays) add({}, one);
  }
  template <class... Named>
  array_list(named_values<Named...> arrays) {
    constexpr bool sound = (is_data<decltype(Named::value)> && ...);
    static_assert(sound, "by_name: data is an array of numbers: an xtensor, a std::vector, ...");
    if constexpr (sound)
      std::apply(
          [this](auto&... each) {
            (add(std::remove_cvref_t<decltype(each)>::name,
                 array_view(std::forward<decltype(each.value)>(each.value))),
             ...);
          },
          arrays.values);
  }

  void add(std::string_view name, array_view values) {
    item one{name, std::move(values)};
    if (size_++ == 0)
      first_ = std::move(one);
    else
      others_.push_back(std::move(one));
  }

  std::size_t size() const { return size_; }
  item const& operator[](std::size_t i) const { return i == 0 ? first_ : others_[i - 1]; }
  /// Whether the arrays have names.
  bool named() const { return !first_.name.empty(); }
  bool given() const { return size_ > 0 && first_.values.given(); }

  /// Of the first array, which may be the only one.
  array_shape const& shape() const { return first_.values.shape(); }
  void const* data() const { return first_.values.data(); }
  inference_detail::element_type const& type() const { return first_.values.type(); }

  /// Samples [begin, end) of all.
  template <int = 0>
  array_list rows(std::int64_t begin, std::int64_t end) const {
    array_list part;
    for (std::size_t i = 0; i < size_; ++i)
      part.add((*this)[i].name, (*this)[i].values.rows(begin, end));
    return part;
  }

 private:
  template <class T>
  static constexpr bool is_data = array_like<T> || std::same_as<std::remove_cvref_t<T>, array_view>;

  item first_;
  std::vector<item> others_;  // so that a single array takes no memory
  std::size_t size_ = 0;
};

}  // namespace typegrad

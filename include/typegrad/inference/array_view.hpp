// SPDX-License-Identifier: BSL-1.0
// Arrays at the border: whatever comes in as data is seen through one type.
#pragma once

#include <typegrad/core/dtype.hpp>
#include <typegrad/core/extents.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace typegrad {

/// An array's lengths, the axis of samples first.
struct array_shape {
  std::int64_t dims[max_rank + 1] = {};
  int rank = 0;

  std::int64_t operator[](int axis) const { return dims[axis]; }
  std::int64_t rows() const { return rank == 0 ? 0 : dims[0]; }
  /// Elements of one sample.
  std::int64_t row_size() const {
    std::int64_t n = 1;
    for (int i = 1; i < rank; ++i) n *= dims[i];
    return n;
  }
};

/// "60000x28x28"; "scalar" without axes.
inline std::string to_string(array_shape const& s) {
  std::string out;
  for (int i = 0; i < s.rank; ++i) {
    out += data_detail::message(i > 0 ? "x" : "", s[i]);
  }
  return out.empty() ? "scalar" : out;
}

namespace inference_detail {

/// What can be done with elements of one type: copies that convert, any number at a time.
struct element_type {
  std::string_view name;
  std::size_t size;
  bool is_float32, is_int32, is_floating;
  void (*to_float32)(void const* from, std::int64_t count, float* to);
  void (*to_int32)(void const* from, std::int64_t count, std::int32_t* to);
  double (*value)(void const* from, std::int64_t index);
};

template <class To, class From>
void convert_elements(void const* from, std::int64_t count, To* to) {
  auto const* const source = static_cast<From const*>(from);
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(to, source, static_cast<std::size_t>(count) * sizeof(To));
  } else {
#if defined(_OPENMP)
#pragma omp simd
#endif
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<To>(source[i]);
  }
}

template <class T>
consteval std::string_view element_name() {
  if constexpr (std::is_same_v<T, bool>) return "bool";
  if constexpr (std::is_same_v<T, float>) return "float32";
  if constexpr (std::is_floating_point_v<T>) return "float64";
  constexpr std::string_view names[2][4] = {{"uint8", "uint16", "uint32", "uint64"},
                                            {"int8", "int16", "int32", "int64"}};
  constexpr int log = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return names[std::is_signed_v<T>][log];
}

template <class T>
inline constexpr element_type element_of{
    element_name<T>(),
    sizeof(T),
    std::is_same_v<T, float>,
    std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 4,
    std::is_floating_point_v<T>,
    &convert_elements<float, T>,
    &convert_elements<std::int32_t, T>,
    [](void const* from, std::int64_t index) {
      return static_cast<double>(static_cast<T const*>(from)[index]);
    }};

template <class T>
concept element = std::is_arithmetic_v<T> && sizeof(T) <= 8;

template <class E>
concept xtensor_expression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

/// std::vector<float>, std::array, std::span: one value a sample.
template <class R>
concept plain_range = !xtensor_expression<R> && std::ranges::contiguous_range<R> &&
                      std::ranges::sized_range<R> && element<std::ranges::range_value_t<R>>;

}  // namespace inference_detail

/// An xtensor container, adaptor, view or expression, or a contiguous range, of numbers.
template <class A>
concept array_like =
    (inference_detail::xtensor_expression<A> || inference_detail::plain_range<A>);

/// A dense row-major array of numbers of any type, its first axis the samples. It shows the memory
/// of the array it was made from where that is dense and row-major and no temporary; that array must
/// outlive it. Otherwise it owns a copy.
class array_view {
 public:
  array_view() = default;

  template <array_like A>
    requires(!std::same_as<std::remove_cvref_t<A>, array_view>)
  array_view(A&& array) {
    if constexpr (inference_detail::plain_range<A>) {
      using value = std::ranges::range_value_t<A>;
      type_ = &inference_detail::element_of<value>;
      shape_.rank = 1;
      shape_.dims[0] = static_cast<std::int64_t>(std::ranges::size(array));
      if constexpr (std::is_lvalue_reference_v<A> || std::ranges::borrowed_range<A>)
        data_ = std::ranges::data(array);
      else
        data_ = keep(std::move(array))->data();
    } else {
      from_xtensor(std::forward<A>(array));
    }
  }

  void const* data() const { return data_; }
  array_shape const& shape() const { return shape_; }
  inference_detail::element_type const& type() const { return *type_; }
  bool empty() const { return shape_.rank == 0 || shape_.rows() == 0; }
  /// False only for an array_view that was made from nothing.
  bool given() const { return type_ != nullptr; }
  void const* row(std::int64_t i) const {
    return static_cast<std::byte const*>(data_) +
           static_cast<std::size_t>(i * shape_.row_size()) * type_->size;
  }
  /// An array like this one, of as many rows, that lies elsewhere.
  array_view at(void const* data, std::int64_t rows) const {
    array_view other = *this;
    other.data_ = data;
    other.shape_.dims[0] = rows;
    other.owner_.reset();
    return other;
  }
  /// Samples [begin, end).
  array_view rows(std::int64_t begin, std::int64_t end) const {
    array_view part = *this;
    part.data_ = row(begin);
    part.shape_.dims[0] = end - begin;
    return part;
  }

 private:
  template <class A>
  auto const* keep(A&& array) {
    auto owner = std::make_shared<std::remove_cvref_t<A> const>(std::forward<A>(array));
    auto const* const kept = owner.get();
    owner_ = std::move(owner);
    return kept;
  }

  template <class E>
  void from_xtensor(E&& e) {
    using plain = std::remove_cvref_t<E>;
    using value = std::remove_cv_t<typename plain::value_type>;
    static_assert(inference_detail::element<value>,
                  "arrays of numbers are needed: float, double, integers or bool");
    type_ = &inference_detail::element_of<value>;
    for (auto const n : e.shape()) {
      if (shape_.rank <= max_rank) shape_.dims[shape_.rank] = static_cast<std::int64_t>(n);
      ++shape_.rank;  // too many axes are found when the shape is compared
    }
    if (shape_.rank > max_rank + 1) shape_.rank = max_rank + 1;
    constexpr bool in_memory = requires {
      { e.data() } -> std::convertible_to<value const*>;
      e.strides();
      e.data_offset();
    };
    if constexpr (in_memory) {
      if (row_major(e.strides())) {
        if constexpr (std::is_lvalue_reference_v<E>) {
          data_ = static_cast<value const*>(e.data()) + e.data_offset();
        } else {
          auto const* const kept = keep(std::forward<E>(e));
          data_ = static_cast<value const*>(kept->data()) + kept->data_offset();
        }
        return;
      }
    }
    data_ = keep(xt::xarray<value, xt::layout_type::row_major>(e))->data();
  }

  template <class Strides>
  bool row_major(Strides const& strides) const {
    std::int64_t expected = 1;
    for (int i = shape_.rank - 1; i >= 0; --i) {
      if (shape_[i] != 1 && static_cast<std::int64_t>(strides[static_cast<std::size_t>(i)]) != expected)
        return false;
      expected *= shape_[i];
    }
    return true;
  }

  void const* data_ = nullptr;
  inference_detail::element_type const* type_ = nullptr;
  array_shape shape_;
  std::shared_ptr<void const> owner_;
};

}  // namespace typegrad

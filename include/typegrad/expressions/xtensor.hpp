// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/xtensor.hpp>
#include <typegrad/expressions/view.hpp>

#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#else
#include <xtensor/xadapt.hpp>
#endif

// xtensors in expressions, and tensors as xtensors. Where an array lies dense and row-major it is
// used where it lies; otherwise it is copied.

namespace typegrad {

namespace expressions {

/// "2x3" of an array's lengths.
template <class Shape>
name_text lengths_text(Shape const& shape) {
  name_text t;
  for (auto const n : shape) {
    if (!t.empty()) t.append('x');
    t.append(static_cast<std::int64_t>(n));
  }
  return t.empty() ? name_text{"scalar"} : t;
}

template <std::int64_t... Dims, class Array>
void require_lengths(Array const& a) {
  constexpr std::array<std::int64_t, sizeof...(Dims)> wanted{Dims...};
  bool same = a.dimension() == wanted.size();
  for (std::size_t i = 0; same && i < wanted.size(); ++i)
    same = wanted[i] == dynamic || wanted[i] == static_cast<std::int64_t>(a.shape(i));
  if (same) return;
  name_text text;
  for (std::int64_t const n : wanted) {
    if (!text.empty()) text.append('x');
    n == dynamic ? text.append("dynamic") : text.append(n);
  }
  refuse("as_tensor: needs an array of shape ", text, ", got ", lengths_text(a.shape()));
}

}  // namespace expressions

/// An xtensor, or an expression of xtensors, as a value with these extents, of which the first may
/// be `dynamic`: as_tensor<dynamic, 3>(array). std::invalid_argument if it has another shape.
template <std::int64_t... Dims, class Array>
requires(xt::is_xexpression<std::remove_cvref_t<Array>>::value)
auto as_tensor(Array&& array) {
  using plain = std::remove_cvref_t<Array>;
  using element = std::remove_cv_t<typename plain::value_type>;
  static_assert(tensor_element<element>,
                "as_tensor: needs an array of float, double, std::int32_t or bool");
  expressions::require_lengths<Dims...>(array);
  constexpr bool in_memory = requires {
    { array.data() };
    array.strides();
    array.data_offset();
  } && plain::static_layout == xt::layout_type::row_major;
  if constexpr (in_memory && std::is_lvalue_reference_v<Array>) {
    using shown = std::remove_pointer_t<decltype(array.data())>;
    return tensor_view<shown, Dims...>(
        std::span<shown>(array.data() + array.data_offset(), array.size()));
  } else {
    auto kept = std::make_shared<xt::xarray<element, xt::layout_type::row_major>>(
        std::forward<Array>(array));
    std::span<element const> const all(kept->data(), kept->size());
    return tensor_view<element const, Dims...>(all, std::move(kept));
  }
}

/// A tensor as an xtensor that shows its elements.
template <class T, std::int64_t... Dims>
auto as_xtensor(tensor<T, Dims...>& x) {
  return xt::adapt(x.data(), x.size(), xt::no_ownership(), x.shape());
}
template <class T, std::int64_t... Dims>
auto as_xtensor(tensor<T, Dims...> const& x) {
  return xt::adapt(x.data(), x.size(), xt::no_ownership(), x.shape());
}

}  // namespace typegrad

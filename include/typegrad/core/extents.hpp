// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

#include <cstdint>
#include <initializer_list>

namespace typegrad {

/// No value has more axes than this (the implicit batch axis not counted).
inline constexpr int max_rank = 8;

/// The lengths of a value's axes, outermost first: rank 0 is a scalar. Extents never include the
/// batch axis.
struct extents {
  std::int64_t dims[max_rank] = {};
  int rank = 0;

  constexpr extents() = default;
  constexpr extents(std::initializer_list<std::int64_t> lengths) {
    for (std::int64_t const n : lengths) push_back(n);
  }

  constexpr int size() const { return rank; }
  constexpr std::int64_t operator[](int axis) const { return dims[axis]; }
  constexpr std::int64_t& operator[](int axis) { return dims[axis]; }
  constexpr std::int64_t back() const { return dims[rank - 1]; }
  constexpr std::int64_t front() const { return dims[0]; }
  constexpr std::int64_t const* begin() const { return dims; }
  constexpr std::int64_t const* end() const { return dims + rank; }

  /// The number of elements: the product of all lengths, 1 for a scalar.
  constexpr std::int64_t count() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= dims[i];
    return n;
  }
  constexpr void push_back(std::int64_t length) {
    if (rank < max_rank) dims[rank++] = length;
  }
  constexpr void pop_back() { dims[--rank] = 0; }

  constexpr bool operator==(extents const& other) const {
    if (rank != other.rank) return false;
    for (int i = 0; i < rank; ++i)
      if (dims[i] != other.dims[i]) return false;
    return true;
  }
};

/// "28x28x1"; a scalar is "scalar".
constexpr name_text to_text(extents const& e) {
  name_text t;
  if (e.rank == 0) return t.append("scalar");
  for (int i = 0; i < e.rank; ++i) {
    if (i > 0) t.append('x');
    t.append(e[i]);
  }
  return t;
}

/// Axes of a value, in an order that matters (a permutation) or not (the axes of a reduction).
struct axis_list {
  std::int8_t items[max_rank] = {};
  int count = 0;

  constexpr axis_list() = default;
  constexpr axis_list(std::initializer_list<int> axes) {
    for (int const a : axes) push_back(a);
  }
  constexpr int size() const { return count; }
  constexpr int operator[](int i) const { return items[i]; }
  constexpr void push_back(int axis) {
    if (count < max_rank) items[count++] = static_cast<std::int8_t>(axis);
  }
  constexpr bool contains(int axis) const {
    for (int i = 0; i < count; ++i)
      if (items[i] == axis) return true;
    return false;
  }
  constexpr bool operator==(axis_list const& other) const {
    if (count != other.count) return false;
    for (int i = 0; i < count; ++i)
      if (items[i] != other.items[i]) return false;
    return true;
  }
};

/// The length of an axis that is only known at run time: tensor<float, dynamic, 3>.
inline constexpr std::int64_t dynamic = -1;

/// Extents as a type: what stands at the library's border.
template <std::int64_t... Dims>
struct shape {
  static constexpr extents value{Dims...};
};

}  // namespace typegrad

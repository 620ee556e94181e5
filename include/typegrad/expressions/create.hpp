// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/tensor.hpp>
#include <typegrad/graph/initializer.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

// Tensors from nothing: zeros<float, 2, 3>(), eye<float, 4>(), linspace<float, 5>(0, 1),
// constant({{1, 2}, {3, 4}}).

namespace typegrad {

// The initializers of layers have the same names: zeros{} and ones{} without a type.
namespace initializers {

/// A tensor of zeros.
template <class T, std::int64_t... Dims>
requires(!std::is_void_v<T>)
struct zeros<T, Dims...> : tensor<T, Dims...> {};

/// A tensor of ones.
template <class T, std::int64_t... Dims>
requires(!std::is_void_v<T>)
struct ones<T, Dims...> : tensor<T, Dims...> {
  ones() { this->fill(T{1}); }
};

/// A tensor with the values in braces: constant({{1, 2}, {3, 4}}) is a tensor<int, 2, 2>.
template <class T, std::int64_t N>
requires(!std::is_void_v<T>)
struct constant<T, N> : tensor<T, N> {
  constant(T const (&values)[static_cast<std::size_t>(N)]) {
    std::copy(values, values + N, this->data());
  }
};
template <class T, std::int64_t N, std::int64_t M>
requires(!std::is_void_v<T>)
struct constant<T, N, M> : tensor<T, N, M> {
  constant(T const (&values)[static_cast<std::size_t>(N)][static_cast<std::size_t>(M)]) {
    T* to = this->data();
    for (auto const& row : values) to = std::copy(row, row + M, to);
  }
};
template <class T, std::int64_t N, std::int64_t M, std::int64_t K>
requires(!std::is_void_v<T>)
struct constant<T, N, M, K> : tensor<T, N, M, K> {
  constant(T const (&values)[static_cast<std::size_t>(N)][static_cast<std::size_t>(M)]
                            [static_cast<std::size_t>(K)]) {
    T* to = this->data();
    for (auto const& plane : values)
      for (auto const& row : plane) to = std::copy(row, row + K, to);
  }
};

template <class T, std::size_t N>
constant(T const (&)[N]) -> constant<T, static_cast<std::int64_t>(N)>;
template <class T, std::size_t N, std::size_t M>
constant(T const (&)[N][M])
    -> constant<T, static_cast<std::int64_t>(N), static_cast<std::int64_t>(M)>;
template <class T, std::size_t N, std::size_t M, std::size_t K>
constant(T const (&)[N][M][K])
    -> constant<T, static_cast<std::int64_t>(N), static_cast<std::int64_t>(M),
                static_cast<std::int64_t>(K)>;

}  // namespace initializers

using initializers::constant;
using initializers::ones;
using initializers::zeros;

/// The same number everywhere.
template <class T, std::int64_t... Dims>
tensor<T, Dims...> full(std::type_identity_t<T> value) {
  tensor<T, Dims...> out(1, uninitialized_tag{});
  out.fill(value);
  return out;
}

/// Tensors of x's extents and dtype.
template <class T, std::int64_t... Dims>
tensor<T, Dims...> full_like(tensor<T, Dims...> const& x, std::type_identity_t<T> value) {
  tensor<T, Dims...> out(x.rows(), uninitialized_tag{});
  out.fill(value);
  return out;
}
template <class T, std::int64_t... Dims>
tensor<T, Dims...> zeros_like(tensor<T, Dims...> const& x) {
  return full_like(x, T{});
}
template <class T, std::int64_t... Dims>
tensor<T, Dims...> ones_like(tensor<T, Dims...> const& x) {
  return full_like(x, T{1});
}

/// Ones on the diagonal of a matrix, zeros elsewhere; K > 0 is a diagonal above it.
template <class T, std::int64_t N, std::int64_t M = N, std::int64_t K = 0>
tensor<T, N, M> eye() {
  tensor<T, N, M> out;
  for (std::int64_t i = 0; i < N; ++i)
    if (i + K >= 0 && i + K < M) out(i, i + K) = T{1};
  return out;
}

/// start, start + step, ...: N values.
template <class T, std::int64_t N>
tensor<T, N> arange(std::type_identity_t<T> start = 0, std::type_identity_t<T> step = 1) {
  tensor<T, N> out(1, uninitialized_tag{});
  for (std::int64_t i = 0; i < N; ++i)
    out.data()[i] = static_cast<T>(start + static_cast<T>(i) * step);
  return out;
}

/// N values at equal distances from start to stop, both included.
template <class T, std::int64_t N>
requires(std::floating_point<T>)
tensor<T, N> linspace(std::type_identity_t<T> start, std::type_identity_t<T> stop) {
  tensor<T, N> out(1, uninitialized_tag{});
  double const from = static_cast<double>(start);
  double const step = N > 1 ? (static_cast<double>(stop) - from) / static_cast<double>(N - 1) : 0;
  for (std::int64_t i = 0; i < N; ++i)
    out.data()[i] = static_cast<T>(from + static_cast<double>(i) * step);
  if (N > 1) out.data()[N - 1] = stop;
  return out;
}

/// The coordinates of a grid: of extents (M, N), x along the second axis, y along the first.
template <class T, std::int64_t N, std::int64_t M>
std::tuple<tensor<T, M, N>, tensor<T, M, N>> meshgrid(tensor<T, N> const& x,
                                                      tensor<T, M> const& y) {
  tensor<T, M, N> across(1, uninitialized_tag{}), down(1, uninitialized_tag{});
  for (std::int64_t i = 0; i < M; ++i)
    for (std::int64_t j = 0; j < N; ++j) {
      across(i, j) = x.data()[j];
      down(i, j) = y.data()[i];
    }
  return {std::move(across), std::move(down)};
}

}  // namespace typegrad

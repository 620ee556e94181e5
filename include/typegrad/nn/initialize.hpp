// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/extents.hpp>
#include <typegrad/core/list.hpp>
#include <typegrad/core/philox.hpp>
#include <typegrad/graph/initializer.hpp>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>

// First values of weights: a function of the seed, the weight's position, the element's position,
// and the initializer; so they are the same on every machine and whoever computes them.

namespace typegrad {

namespace detail {

/// Random numbers for the elements of one weight.
class initial_numbers {
 public:
  constexpr initial_numbers(std::uint64_t seed, std::uint64_t index)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        index_{static_cast<std::uint32_t>(index)} {}

  /// In [0, 1), with 32 bits.
  double uniform(std::uint64_t element) const {
    return static_cast<double>(block(element / 4, 0)[element % 4]) * 0x1p-32;
  }
  /// Mean 0, deviation 1.
  double normal(std::uint64_t element) const {
    auto const bits = block(element / 4, 0);
    return from_bits(bits[element % 4 / 2 * 2], bits[element % 4 / 2 * 2 + 1], element % 2 != 0);
  }
  /// The same, drawn again as long as it lies beyond two deviations.
  double truncated_normal(std::uint64_t element) const {
    for (std::uint32_t attempt = 0;; ++attempt) {
      auto const bits = block(element, attempt);
      for (std::size_t i = 0; i < 4; ++i) {
        double const x = from_bits(bits[i / 2 * 2], bits[i / 2 * 2 + 1], i % 2 != 0);
        if (std::abs(x) <= 2) return x;
      }
    }
  }

 private:
  /// The last word, counted from above, keeps clear of the counters of random ops, which have the
  /// step there.
  std::array<std::uint32_t, 4> block(std::uint64_t position, std::uint32_t attempt) const {
    return philox4x32_10({static_cast<std::uint32_t>(position),
                          static_cast<std::uint32_t>(position >> 32), index_, ~attempt},
                         key_);
  }
  /// One of the two normal numbers that two uniform ones give (Box and Muller).
  static double from_bits(std::uint32_t a, std::uint32_t b, bool second) {
    double const radius = std::sqrt(-2 * std::log((static_cast<double>(a) + 0.5) * 0x1p-32));
    double const angle = 2 * std::numbers::pi * (static_cast<double>(b) + 0.5) * 0x1p-32;
    return radius * (second ? std::sin(angle) : std::cos(angle));
  }

  std::array<std::uint32_t, 2> key_;
  std::uint32_t index_;
};

/// Keras's fans: a kernel's last two axes are inputs and outputs, the axes before them its window.
constexpr double fan_of(extents const& shape, initializer::fan mode) {
  double in = 1;
  double out = 1;
  if (shape.rank == 1) in = out = static_cast<double>(shape[0]);
  if (shape.rank >= 2) {
    double window = 1;
    for (int i = 0; i + 2 < shape.rank; ++i) window *= static_cast<double>(shape[i]);
    in = window * static_cast<double>(shape[shape.rank - 2]);
    out = window * static_cast<double>(shape.back());
  }
  double const fan = mode == initializer::fan::in    ? in
                     : mode == initializer::fan::out ? out
                                                     : (in + out) / 2;
  return fan < 1 ? 1 : fan;
}

/// Replaces a, `rows` x `columns` with rows >= columns, by the orthonormal Q of its QR
/// decomposition, by Householder's reflections, with signs so that R's diagonal is positive: then
/// Q is uniformly distributed if a's elements are normal.
inline void orthonormalize(list<double>& a, int rows, int columns) {
  auto const at = [&](int r, int c) -> double& { return a[r * columns + c]; };
  list<double> diagonal(columns);
  list<double> scale(columns);  // of reflection c: 2 / (v, v); v lies in column c, from row c on
  for (int c = 0; c < columns; ++c) {
    double norm = 0;
    for (int r = c; r < rows; ++r) norm += at(r, c) * at(r, c);
    norm = std::sqrt(norm);
    diagonal[c] = at(c, c) > 0 ? -norm : norm;
    at(c, c) -= diagonal[c];
    double length = 0;
    for (int r = c; r < rows; ++r) length += at(r, c) * at(r, c);
    scale[c] = length > 0 ? 2 / length : 0;
    for (int j = c + 1; j < columns; ++j) {
      double dot = 0;
      for (int r = c; r < rows; ++r) dot += at(r, c) * at(r, j);
      for (int r = c; r < rows; ++r) at(r, j) -= scale[c] * dot * at(r, c);
    }
  }
  list<double> q(rows * columns);
  for (int j = 0; j < columns; ++j) q[j * columns + j] = diagonal[j] < 0 ? -1 : 1;
  for (int c = columns - 1; c >= 0; --c)
    for (int j = c; j < columns; ++j) {
      double dot = 0;
      for (int r = c; r < rows; ++r) dot += at(r, c) * q[r * columns + j];
      for (int r = c; r < rows; ++r) q[r * columns + j] -= scale[c] * dot * at(r, c);
    }
  a = static_cast<list<double>&&>(q);
}

inline void fill_orthogonal(initial_numbers const& random, extents const& shape, double gain,
                            std::span<float> to) {
  int const columns = shape.rank == 0 ? 1 : static_cast<int>(shape.back());
  int const rows = static_cast<int>(shape.count()) / columns;
  int const longer = rows > columns ? rows : columns;
  int const shorter = rows > columns ? columns : rows;
  list<double> q(longer * shorter);
  for (int i = 0; i < q.size(); ++i) q[i] = random.normal(static_cast<std::uint64_t>(i));
  orthonormalize(q, longer, shorter);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      to[static_cast<std::size_t>(r * columns + c)] =
          static_cast<float>(gain * (rows >= columns ? q[r * shorter + c] : q[c * shorter + r]));
}

}  // namespace detail

/// Writes the first values of a weight, the `index`-th of its model, to `to`.
/// Requires that `to` has shape.count() elements.
inline void initialize(initializer const& how, extents const& shape, std::uint64_t seed,
                       std::uint64_t index, std::span<float> to) {
  using kind = initializer::kind;
  detail::initial_numbers const random{seed, index};
  auto const a = static_cast<double>(how.a);
  auto const b = static_cast<double>(how.b);
  auto const fill = [&](auto const& element) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(element(i));
  };
  switch (how.distribution) {
    case kind::constant:
      return fill([&](std::size_t) { return a; });
    case kind::uniform:
      return fill([&](std::size_t i) { return a + (b - a) * random.uniform(i); });
    case kind::normal:
      return fill([&](std::size_t i) { return a + b * random.normal(i); });
    case kind::truncated_normal:
      return fill([&](std::size_t i) { return a + b * random.truncated_normal(i); });
    case kind::variance_uniform: {
      double const limit = std::sqrt(3 * a / detail::fan_of(shape, how.mode));
      return fill([&](std::size_t i) { return limit * (2 * random.uniform(i) - 1); });
    }
    case kind::variance_normal: {
      double const deviation = std::sqrt(a / detail::fan_of(shape, how.mode));
      if (b == 1) return fill([&](std::size_t i) { return deviation * random.normal(i); });
      // 0.8796...: the deviation of a normal distribution cut off at two deviations
      return fill([&](std::size_t i) {
        return deviation / 0.87962566103423978 * random.truncated_normal(i);
      });
    }
    case kind::orthogonal:
      return detail::fill_orthogonal(random, shape, a, to);
    case kind::identity: {
      auto const columns = static_cast<std::size_t>(shape.rank == 2 ? shape[1] : 1);
      return fill([&](std::size_t i) { return i / columns == i % columns ? a : 0; });
    }
  }
}

}  // namespace typegrad

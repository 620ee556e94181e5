// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/philox.hpp>
#include <typegrad/inference/weight_table.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

// First values of weights: a function of the seed, the weight's position and its initializer.
namespace typegrad::inference_detail {

/// Random numbers one behind the other.
class number_stream {
 public:
  number_stream(std::uint64_t seed, std::uint32_t stream)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        stream_{stream} {}

  std::uint32_t bits() {
    if (used_ == 4) {
      // The last word tells these counters from those of random ops, whose step is there.
      block_ = philox4x32_10({static_cast<std::uint32_t>(counter_),
                              static_cast<std::uint32_t>(counter_ >> 32), stream_, 0xffffffffU},
                             key_);
      ++counter_;
      used_ = 0;
    }
    return block_[used_++];
  }
  /// Within (0, 1).
  double uniform() { return (static_cast<double>(bits()) + 0.5) * 0x1p-32; }
  /// With mean 0 and deviation 1 (Box and Muller).
  double normal() {
    if (spare_) {
      spare_ = false;
      return second_;
    }
    double const radius = std::sqrt(-2 * std::log(uniform()));
    double const angle = 2 * std::numbers::pi * uniform();
    second_ = radius * std::sin(angle);
    spare_ = true;
    return radius * std::cos(angle);
  }
  double truncated_normal() {
    for (;;) {
      double const x = normal();
      if (std::abs(x) <= 2) return x;
    }
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t stream_;
  std::uint64_t counter_ = 0;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
  double second_ = 0;
  bool spare_ = false;
};

/// Keras's fans: a kernel's last two axes are inputs and outputs, the axes before them its window.
inline double fan(extents const& shape, initializer::fan mode) {
  double in = 1;
  double out = 1;
  if (shape.rank == 1) {
    in = out = static_cast<double>(shape[0]);
  } else if (shape.rank >= 2) {
    double window = 1;
    for (int i = 0; i + 2 < shape.rank; ++i) window *= static_cast<double>(shape[i]);
    in = window * static_cast<double>(shape[shape.rank - 2]);
    out = window * static_cast<double>(shape.back());
  }
  double const chosen = mode == initializer::fan::in    ? in
                        : mode == initializer::fan::out ? out
                                                        : (in + out) / 2;
  return chosen < 1 ? 1 : chosen;
}

/// An orthogonal matrix (rows x columns, the shape's last axis the columns): the rows or columns,
/// whichever are fewer, are orthonormal; by Gram and Schmidt, twice, from normal numbers.
inline void fill_orthogonal(float* to, extents const& shape, double gain, number_stream& random) {
  std::int64_t const columns = shape.rank == 0 ? 1 : shape.back();
  std::int64_t const rows = shape.count() / columns;
  std::int64_t const vectors = rows < columns ? rows : columns;
  std::int64_t const length = rows < columns ? columns : rows;
  std::vector<double> q(static_cast<std::size_t>(vectors * length));
  for (double& x : q) x = random.normal();
  for (std::int64_t i = 0; i < vectors; ++i) {
    double* const v = q.data() + i * length;
    for (int round = 0; round < 2; ++round)
      for (std::int64_t j = 0; j < i; ++j) {
        double const* const u = q.data() + j * length;
        double dot = 0;
        for (std::int64_t k = 0; k < length; ++k) dot += u[k] * v[k];
        for (std::int64_t k = 0; k < length; ++k) v[k] -= dot * u[k];
      }
    double norm = 0;
    for (std::int64_t k = 0; k < length; ++k) norm += v[k] * v[k];
    norm = std::sqrt(norm);
    for (std::int64_t k = 0; k < length; ++k) v[k] /= norm;
  }
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      to[r * columns + c] = static_cast<float>(
          gain * q[static_cast<std::size_t>(rows < columns ? r * length + c : c * length + r)]);
}

inline void fill_initial(float* to, extents const& shape, initializer const& how,
                         number_stream random) {
  using kind = initializer::kind;
  std::int64_t const count = shape.count();
  auto const a = static_cast<double>(how.a);
  auto const b = static_cast<double>(how.b);
  auto const fill = [&](auto const& next) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(next());
  };
  switch (how.distribution) {
    case kind::constant: return fill([&] { return a; });
    case kind::uniform: return fill([&] { return a + (b - a) * random.uniform(); });
    case kind::normal: return fill([&] { return a + b * random.normal(); });
    case kind::truncated_normal: return fill([&] { return a + b * random.truncated_normal(); });
    case kind::variance_uniform: {
      double const limit = std::sqrt(3 * a / fan(shape, how.mode));
      return fill([&] { return limit * (2 * random.uniform() - 1); });
    }
    case kind::variance_normal: {
      // 0.8796...: the deviation of a normal distribution cut off at two deviations
      double const deviation = std::sqrt(a / fan(shape, how.mode)) / 0.87962566103423978;
      return fill([&] { return deviation * random.truncated_normal(); });
    }
    case kind::orthogonal: return fill_orthogonal(to, shape, a, random);
    case kind::identity: {
      fill([] { return 0.0; });
      if (shape.rank != 2) return;
      for (std::int64_t i = 0; i < shape[0] && i < shape[1]; ++i)
        to[i * shape[1] + i] = static_cast<float>(a);
      return;
    }
  }
}

/// Gives every weight its first values.
inline void initialize_weights(weight_table const& table, float* weights, std::uint64_t seed) {
  for (std::size_t i = 0; i < table.size(); ++i)
    fill_initial(weights + table[i].offset, table[i].shape, table[i].initial,
                 number_stream(seed, static_cast<std::uint32_t>(i)));
}

}  // namespace typegrad::inference_detail

// SPDX-License-Identifier: BSL-1.0
// Random numbers for data preparation: the same on every platform for the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace typegrad::data_detail {

/// A counter-based generator: the n-th number is a hash of (seed, n).
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (SplitMix64).
class data_random {
 public:
  explicit data_random(std::uint64_t seed, std::uint64_t stream = 0)
      : state_(mix(seed ^ mix(stream + 0x632be59bd9b4e019U))) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15U); }

  /// Uniform in [0, bound), without bias; bound > 0.
  /// Rejects the values below 2^64 mod bound, so that equally many remain for each result.
  std::uint64_t below(std::uint64_t bound) {
    std::uint64_t const threshold = (0 - bound) % bound;
    for (;;) {
      std::uint64_t const value = next();
      if (value >= threshold) return value % bound;
    }
  }

  /// Uniform in [low, high).
  float uniform(float low, float high) {
    auto const fraction = static_cast<float>(next() >> 40U) * 0x1p-24f;
    return low + fraction * (high - low);
  }

  /// About normal with mean 0 and deviation 1: the sum of four uniforms, so within +-3.47.
  float bell() {
    float sum = 0;
    for (int i = 0; i < 4; ++i) sum += uniform(-1, 1);
    return sum * 0.8660254f;
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::uint64_t state_;
};

/// The numbers 0 to count-1 in an order that the seed decides (Fisher and Yates).
template <int = 0>
std::vector<std::size_t> permutation(std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  data_random random(seed);
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(random.below(i))]);
  }
  return order;
}

}  // namespace typegrad::data_detail

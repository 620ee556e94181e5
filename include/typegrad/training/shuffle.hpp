// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/philox.hpp>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace typegrad::training_detail {

/// The numbers 0 to order.size() - 1 in an order that only the seed and the epoch decide (Fisher
/// and Yates, with unbiased draws).
template <int = 0>
void shuffle(std::vector<std::int64_t>& order, std::uint64_t seed, std::uint64_t epoch) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  constexpr std::uint32_t shuffling = 0x53485546U;  // tells its numbers from those of weights
  std::array<std::uint32_t, 4> words{};
  std::uint64_t drawn = 0;
  auto const word = [&] {
    if (drawn % 4 == 0)
      words = philox4x32_10(
          {static_cast<std::uint32_t>(drawn / 4), static_cast<std::uint32_t>(drawn / 4 >> 32),
           static_cast<std::uint32_t>(epoch), 0},
          {static_cast<std::uint32_t>(seed) ^ shuffling,
           static_cast<std::uint32_t>(seed >> 32) ^ static_cast<std::uint32_t>(epoch >> 32)});
    return std::uint64_t{words[drawn++ % 4]};
  };
  // Below 2^32 by Lemire's multiplication, arXiv 1805.10941; more samples take two words.
  auto const below = [&](std::uint64_t bound) {
    if (bound > 0xffffffffU) {
      std::uint64_t const excess = (0 - bound) % bound;
      for (;;) {
        std::uint64_t const high = word();
        std::uint64_t const value = high << 32 | word();
        if (value >= excess) return value % bound;
      }
    }
    std::uint64_t product = word() * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      std::uint64_t const excess = (std::uint64_t{1} << 32) % bound;
      while (static_cast<std::uint32_t>(product) < excess) product = word() * bound;
    }
    return product >> 32;
  };
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[static_cast<std::size_t>(below(i))]);
}

}  // namespace typegrad::training_detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/philox.hpp>

#include <array>
#include <cstdint>

namespace typegrad {

// Where element e of a random value finds its bits. Elements come in blocks of 64, which share 16
// counters: lane l of word w of the block is element 16 w + l. So 64 neighbouring elements cost 16
// Philox calls, whatever the width of the machine's vectors, and every evaluator gets the same.

inline constexpr std::uint64_t random_block = 64;
inline constexpr std::uint64_t random_lanes = 16;

/// The counter of Philox call `call` (16 a block) of a stream at a step.
constexpr std::array<std::uint32_t, 4> random_counter(std::uint64_t step, std::uint32_t stream,
                                                      std::uint64_t call) {
  return {static_cast<std::uint32_t>(call), static_cast<std::uint32_t>(call >> 32), stream,
          static_cast<std::uint32_t>(step)};
}
constexpr std::array<std::uint32_t, 2> random_key(std::uint64_t seed, std::uint64_t step) {
  return {static_cast<std::uint32_t>(seed),
          static_cast<std::uint32_t>(seed >> 32) ^ static_cast<std::uint32_t>(step >> 32)};
}

/// Element `element` of the random value that has `stream`, at a step, from a seed.
constexpr float uniform_at(std::uint64_t seed, std::uint64_t step, std::uint32_t stream,
                           std::uint64_t element) {
  std::uint64_t const within = element % random_block;
  std::uint64_t const call = element / random_block * random_lanes + within % random_lanes;
  auto const words = philox4x32_10(random_counter(step, stream, call), random_key(seed, step));
  return unit_float(words[within / random_lanes]);
}

}  // namespace typegrad

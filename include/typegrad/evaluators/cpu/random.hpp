// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/random_stream.hpp>

#include <cstdint>

namespace typegrad::on_cpu {

/// The 64 random numbers in [0, 1) of one block: 16 Philox calls side by side.
/// Same numbers as `uniform_at`.
inline void uniform_block(std::uint64_t seed, std::uint64_t step, std::uint32_t stream,
                          std::uint64_t block, float* out) {
  constexpr int lanes = static_cast<int>(random_lanes);
  alignas(64) std::uint32_t x[4][lanes];
  auto const key = random_key(seed, step);
  auto const first = random_counter(step, stream, block * random_lanes);
  for (int i = 0; i < lanes; ++i) {
    x[0][i] = first[0] + static_cast<std::uint32_t>(i);
    x[1][i] = first[1];
    x[2][i] = first[2];
    x[3][i] = first[3];
  }
  std::uint32_t k0 = key[0];
  std::uint32_t k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < lanes; ++i) {
      std::uint64_t const a = std::uint64_t{0xD2511F53U} * x[0][i];
      std::uint64_t const b = std::uint64_t{0xCD9E8D57U} * x[2][i];
      auto const high_a = static_cast<std::uint32_t>(a >> 32);
      auto const high_b = static_cast<std::uint32_t>(b >> 32);
      x[0][i] = high_b ^ x[1][i] ^ k0;
      x[2][i] = high_a ^ x[3][i] ^ k1;
      x[1][i] = static_cast<std::uint32_t>(b);
      x[3][i] = static_cast<std::uint32_t>(a);
    }
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  for (int word = 0; word < 4; ++word)
    for (int i = 0; i < lanes; ++i) out[word * lanes + i] = unit_float(x[word][i]);
}

}  // namespace typegrad::on_cpu

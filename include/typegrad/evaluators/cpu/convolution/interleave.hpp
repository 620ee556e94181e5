// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/gemm/unroll.hpp>
#include <typegrad/evaluators/cpu/partial.hpp>

namespace typegrad::cpu::detail {

TYPEGRAD_QUIET_BEGIN

// Element e of vector q of the result is element (q * Width + e) / Count of source
// (q * Width + e) % Count: for each result, from which lane of a source it is, and whether.
template <int Count, int Width>
struct interleaving {
  std::int32_t from[Count][Count > 1 ? Count - 1 : 1][Width] = {};  // the first two are in one
  std::uint16_t mask[Count][Count] = {};

  constexpr interleaving() {
    for (int q = 0; q < Count; ++q) {
      for (int i = 0; i < Width; ++i) {
        int const e = q * Width + i, source = e % Count, lane = e / Count;
        mask[q][source] = static_cast<std::uint16_t>(mask[q][source] | (1U << i));
        if (source < 2) from[q][0][i] = lane + source * Width;
        else from[q][source - 1][i] = lane;
      }
    }
  }
};
template <int Count, int Width>
alignas(64) inline constexpr interleaving<Count, Width> interleaving_of{};

// to[i * Count + s] = from[s * stride + i] for the lanes i of a vector.
template <int Count, class Arch, class T>
[[gnu::always_inline]] inline void interleave_filters(T const* from, std::int64_t stride, T* to) {
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
#if XSIMD_WITH_AVX512F
  if constexpr (has_avx512<Arch> && is_float_of<T, Arch, 4> && Count > 1) {
    constexpr auto const& order = interleaving_of<Count, width>;
    __m512 source[Count];
    TYPEGRAD_UNROLL
    for (int s = 0; s < Count; ++s) source[s] = batch::load_unaligned(from + s * stride);
    TYPEGRAD_UNROLL
    for (int q = 0; q < Count; ++q) {
      __m512 x = _mm512_permutex2var_ps(source[0], _mm512_loadu_si512(order.from[q][0]), source[1]);
      TYPEGRAD_UNROLL
      for (int s = 2; s < Count; ++s) {
        x = _mm512_mask_permutexvar_ps(x, order.mask[q][s],
                                       _mm512_loadu_si512(order.from[q][s - 1]), source[s]);
      }
      batch(x).store_unaligned(to + q * width);
    }
    return;
  }
#endif
  for (int i = 0; i < width; ++i) {
    for (int s = 0; s < Count; ++s) to[i * Count + s] = from[s * stride + i];
  }
}

TYPEGRAD_QUIET_END

}  // namespace typegrad::cpu::detail

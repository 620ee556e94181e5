// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/gemm/unroll.hpp>
#include <typegrad/evaluators/cpu/partial.hpp>

namespace typegrad::on_cpu::detail {

TYPEGRAD_QUIET_BEGIN

// Element e of vector q of the result is element (q * Width + e) / Count of source
// (q * Width + e) % Count: for each result, from which lane of a source it is, and whether. The
// first two sources are picked from at once.
template <int Count, int Width, class Index>
struct interleaving {
  Index from[Count][Count > 1 ? Count - 1 : 1][Width] = {};
  std::uint16_t mask[Count][Count] = {};

  constexpr interleaving() {
    for (int q = 0; q < Count; ++q) {
      for (int i = 0; i < Width; ++i) {
        int const e = q * Width + i, source = e % Count, lane = e / Count;
        mask[q][source] = static_cast<std::uint16_t>(mask[q][source] | (1U << i));
        from[q][source < 2 ? 0 : source - 1][i] =
            static_cast<Index>(lane + (source == 1 ? Width : 0));
      }
    }
  }
};
template <int Count, int Width, class Index>
alignas(64) inline constexpr interleaving<Count, Width, Index> interleaving_of{};

#if XSIMD_WITH_AVX512F
// The greater of each two lanes, NaN being the greatest.
[[gnu::always_inline]] inline __m512 greater_lanes(__m512 a, __m512 b) {
  return _mm512_mask_max_ps(a, _mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), a, b);
}
// The greater of each two neighbours in a, and then in b.
[[gnu::always_inline]] inline __m512 greater_neighbours(__m512 a, __m512 b) {
  alignas(64) static constexpr std::int32_t even[] = {0,  2,  4,  6,  8,  10, 12, 14,
                                                      16, 18, 20, 22, 24, 26, 28, 30};
  __m512i const at = _mm512_load_si512(even);
  return greater_lanes(_mm512_permutex2var_ps(a, at, b),
                       _mm512_permutex2var_ps(a, _mm512_add_epi32(at, _mm512_set1_epi32(1)), b));
}

template <int Count, class Store>
[[gnu::always_inline]] inline void interleave_singles(__m512 const* source, Store const& store) {
  constexpr auto const& order = interleaving_of<Count, 16, std::int32_t>;
  TYPEGRAD_UNROLL
  for (int q = 0; q < Count; ++q) {
    __m512 x = source[0];
    if constexpr (Count > 1) {
      x = _mm512_permutex2var_ps(x, _mm512_loadu_si512(order.from[q][0]), source[1]);
    }
    TYPEGRAD_UNROLL
    for (int s = 2; s < Count; ++s) {
      x = _mm512_mask_permutexvar_ps(x, order.mask[q][s],
                                     _mm512_loadu_si512(order.from[q][s - 1]), source[s]);
    }
    store(q, x);
  }
}

// The same of pairs of elements.
template <int Count, class Store>
[[gnu::always_inline]] inline void interleave_pairs(__m512d const* source, Store const& store) {
  constexpr auto const& order = interleaving_of<Count, 8, std::int64_t>;
  TYPEGRAD_UNROLL
  for (int q = 0; q < Count; ++q) {
    __m512d x = source[0];
    if constexpr (Count > 1) {
      x = _mm512_permutex2var_pd(x, _mm512_loadu_si512(order.from[q][0]), source[1]);
    }
    TYPEGRAD_UNROLL
    for (int s = 2; s < Count; ++s) {
      x = _mm512_mask_permutexvar_pd(x, static_cast<__mmask8>(order.mask[q][s]),
                                     _mm512_loadu_si512(order.from[q][s - 1]), source[s]);
    }
    store(q, _mm512_castpd_ps(x));
  }
}
#endif

// to[i * Count + s] = from[s * stride + i] for the lanes i of a vector.
template <int Count, class Arch, class T>
[[gnu::always_inline]] inline void interleave_filters(T const* from, std::int64_t stride, T* to) {
  constexpr int width = detail::width<T, Arch>;
#if XSIMD_WITH_AVX512F
  if constexpr (has_avx512<Arch> && is_float_of<T, Arch, 4>) {
    __m512 source[Count];
    TYPEGRAD_UNROLL
    for (int s = 0; s < Count; ++s) source[s] = _mm512_loadu_ps(from + s * stride);
    if constexpr (Count % 2 != 0) {
      interleave_singles<Count>(source, [&](int q, __m512 x) __attribute__((always_inline)) {
        _mm512_storeu_ps(to + q * width, x);
      });
    } else {
      // Pairs of neighbours first, which makes half as many of them.
      constexpr int half = Count / 2;
      __m512d pairs[2][half];
      TYPEGRAD_UNROLL
      for (int s = 0; s < half; ++s) {
        interleave_singles<2>(source + 2 * s, [&](int q, __m512 x) __attribute__((always_inline)) {
          pairs[q][s] = _mm512_castps_pd(x);
        });
      }
      TYPEGRAD_UNROLL
      for (int h = 0; h < 2; ++h) {
        interleave_pairs<half>(pairs[h], [&](int q, __m512 x) __attribute__((always_inline)) {
          _mm512_storeu_ps(to + (h * half + q) * width, x);
        });
      }
    }
  } else
#endif
  {
    for (int i = 0; i < width; ++i) {
      for (int s = 0; s < Count; ++s) to[i * Count + s] = from[s * stride + i];
    }
  }
}

TYPEGRAD_QUIET_END

}  // namespace typegrad::on_cpu::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/gemm/unroll.hpp>
#include <typegrad/evaluators/cpu/partial.hpp>

namespace typegrad::on_cpu::detail {

// Transposes a square of `width` vectors in registers: lane c of vector r becomes lane r of
// vector c.
template <class T, class Arch>
[[gnu::always_inline]] inline void transpose(xsimd::batch<T, Arch>* x) {
#if XSIMD_WITH_AVX512F
  if constexpr (has_avx512<Arch> && std::is_same_v<T, float>) {
    // The masked forms, since g++ 12 warns about the undefined operand inside the others.
    constexpr __mmask16 all = 0xffff;
    constexpr __mmask8 half = 0xff;
    __m512 a[16], b[16];
    TYPEGRAD_UNROLL
    for (int i = 0; i < 8; ++i) {
      a[2 * i] = _mm512_maskz_unpacklo_ps(all, x[2 * i], x[2 * i + 1]);
      a[2 * i + 1] = _mm512_maskz_unpackhi_ps(all, x[2 * i], x[2 * i + 1]);
    }
    // b[4 i + j]: lane j of each 128-bit part, of rows 4 i to 4 i + 3
    TYPEGRAD_UNROLL
    for (int i = 0; i < 4; ++i) {
      __m512d const p = _mm512_castps_pd(a[4 * i]), q = _mm512_castps_pd(a[4 * i + 1]);
      __m512d const r = _mm512_castps_pd(a[4 * i + 2]), s = _mm512_castps_pd(a[4 * i + 3]);
      b[4 * i] = _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(half, p, r));
      b[4 * i + 1] = _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(half, p, r));
      b[4 * i + 2] = _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(half, q, s));
      b[4 * i + 3] = _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(half, q, s));
    }
    TYPEGRAD_UNROLL
    for (int j = 0; j < 4; ++j) {
      __m512 const even_low = _mm512_maskz_shuffle_f32x4(all, b[j], b[4 + j], 0x88);
      __m512 const odd_low = _mm512_maskz_shuffle_f32x4(all, b[j], b[4 + j], 0xdd);
      __m512 const even_high = _mm512_maskz_shuffle_f32x4(all, b[8 + j], b[12 + j], 0x88);
      __m512 const odd_high = _mm512_maskz_shuffle_f32x4(all, b[8 + j], b[12 + j], 0xdd);
      x[j] = _mm512_maskz_shuffle_f32x4(all, even_low, even_high, 0x88);
      x[4 + j] = _mm512_maskz_shuffle_f32x4(all, odd_low, odd_high, 0x88);
      x[8 + j] = _mm512_maskz_shuffle_f32x4(all, even_low, even_high, 0xdd);
      x[12 + j] = _mm512_maskz_shuffle_f32x4(all, odd_low, odd_high, 0xdd);
    }
  } else if constexpr (has_avx512<Arch> && std::is_same_v<T, double>) {
    constexpr __mmask8 half = 0xff;
    __m512d a[8];
    TYPEGRAD_UNROLL
    for (int i = 0; i < 4; ++i) {
      a[2 * i] = _mm512_maskz_unpacklo_pd(half, x[2 * i], x[2 * i + 1]);
      a[2 * i + 1] = _mm512_maskz_unpackhi_pd(half, x[2 * i], x[2 * i + 1]);
    }
    TYPEGRAD_UNROLL
    for (int j = 0; j < 2; ++j) {
      __m512d const even_low = _mm512_maskz_shuffle_f64x2(half, a[j], a[2 + j], 0x88);
      __m512d const odd_low = _mm512_maskz_shuffle_f64x2(half, a[j], a[2 + j], 0xdd);
      __m512d const even_high = _mm512_maskz_shuffle_f64x2(half, a[4 + j], a[6 + j], 0x88);
      __m512d const odd_high = _mm512_maskz_shuffle_f64x2(half, a[4 + j], a[6 + j], 0xdd);
      x[j] = _mm512_maskz_shuffle_f64x2(half, even_low, even_high, 0x88);
      x[2 + j] = _mm512_maskz_shuffle_f64x2(half, odd_low, odd_high, 0x88);
      x[4 + j] = _mm512_maskz_shuffle_f64x2(half, even_low, even_high, 0xdd);
      x[6 + j] = _mm512_maskz_shuffle_f64x2(half, odd_low, odd_high, 0xdd);
    }
  } else
#endif
  {
    xsimd::transpose(x, x + width<T, Arch>);
  }
}

}  // namespace typegrad::on_cpu::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <bit>
#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/unroll.hpp>
#include <typegrad/evaluators/cpu/partial.hpp>

// Few columns leave most lanes of a vector empty. Then a row of outputs is split into `Split` parts
// that are worked on together: A is copied so that the elements of all parts that are used at the
// same time lie beside one another, lane c * Split + j of a sum belongs to column c of part j.
namespace typegrad::on_cpu::detail {

TYPEGRAD_QUIET_BEGIN

template <class Arch>
inline constexpr bool has_avx2 = !has_avx512<Arch> && std::is_base_of_v<xsimd::avx2, Arch>;

// How many parts there can be for so many columns and outputs of a row.
template <class T, class Arch>
constexpr int split_for(std::int64_t columns, std::int64_t outputs) {
  constexpr bool known = std::is_same_v<T, float> && (has_avx512<Arch> || has_avx2<Arch>);
  if (!known || columns * 2 > width<T, Arch>) return 1;
  auto const parts =
      width<T, Arch> / static_cast<int>(std::bit_ceil(static_cast<unsigned>(columns)));
  return std::min(parts, static_cast<int>(std::bit_floor(static_cast<std::uint64_t>(
                             std::min<std::int64_t>(outputs, width<T, Arch>)))));
}

// A row of `outputs` as parts of `part` each; the last ones overlap those before them.
struct split_row {
  std::int64_t outputs = 1, parts = 1;

  constexpr bool operator==(split_row const&) const = default;
  constexpr std::int64_t part() const { return divide_up(outputs, parts); }
  constexpr std::int64_t begin(std::int64_t j) const {
    return std::min(j * part(), outputs - part());
  }
  // The first outputs of part j, that other parts have done.
  constexpr std::int64_t skip(std::int64_t j) const {
    return std::min(j * part() - begin(j), part());
  }
};

// The elements p[0], ... p[Split - 1], again and again.
template <int Split, class Arch, class T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> load_parts(T const* p) {
  using batch = xsimd::batch<T, Arch>;
  if constexpr (Split == 1) {
    return batch(*p);
  } else if constexpr (Split == width<T, Arch>) {
    return batch::load_unaligned(p);
  } else {
#if XSIMD_WITH_AVX512F
    if constexpr (has_avx512<Arch>) {
      if constexpr (Split == 2) {
        double two;
        __builtin_memcpy(&two, p, sizeof two);
        return _mm512_castpd_ps(_mm512_set1_pd(two));
      } else if constexpr (Split == 4) {
        return _mm512_maskz_broadcast_f32x4(0xffff, _mm_loadu_ps(p));
      } else {
        return _mm512_castpd_ps(
            _mm512_maskz_broadcast_f64x4(0xff, _mm256_castps_pd(_mm256_loadu_ps(p))));
      }
    } else
#endif
#if XSIMD_WITH_AVX2
    {
      if constexpr (Split == 2) {
        double two;
        __builtin_memcpy(&two, p, sizeof two);
        return _mm256_castpd_ps(_mm256_set1_pd(two));
      } else {
        __m128 const four = _mm_loadu_ps(p);
        return _mm256_insertf128_ps(_mm256_castps128_ps256(four), four, 1);
      }
    }
#else
    {
      static_assert(Split == 1, "load_parts: this processor has no such vectors");
    }
#endif
  }
}

// Lane i of the result is lane from[i] of x.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> pick_lanes(xsimd::batch<T, Arch> const& x,
                                                               std::int32_t const* from) {
#if XSIMD_WITH_AVX512F
  if constexpr (has_avx512<Arch>) {
    return _mm512_maskz_permutexvar_ps(0xffff, _mm512_loadu_si512(from), x);
  } else
#endif
#if XSIMD_WITH_AVX2
  {
    return _mm256_permutevar8x32_ps(x, _mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
  }
#else
  {
    (void)from;
    return x;
  }
#endif
}

// Which lanes hold part j of a sum; and which column each lane of a sum is for.
template <int Split, int Width>
struct split_lanes {
  std::int32_t of_part[Split][Width] = {};
  std::int32_t columns[Width] = {};

  constexpr split_lanes() {
    for (int i = 0; i < Width; ++i) {
      columns[i] = i / Split;
      for (int j = 0; j < Split; ++j) of_part[j][i] = (i * Split + j) % Width;
    }
  }
};
template <int Split, int Width>
alignas(64) inline constexpr split_lanes<Split, Width> lanes_of_split{};

// Packed vectors of columns, as they are needed for sums of parts.
template <int Split, class Arch, class T>
[[gnu::noinline]] void spread_columns(T* packed, std::int64_t count) {
  constexpr int width = detail::width<T, Arch>;
  for (std::int64_t i = 0; i < count; ++i, packed += width) {
    pick_lanes(xsimd::batch<T, Arch>::load_unaligned(packed), lanes_of_split<Split, width>.columns)
        .store_unaligned(packed);
  }
}

// to[i * Split + j] = from[j * distance + i] for i < n, where part j's distance is begin[j]; reads
// and writes up to a whole vector of each part.
template <int Split, class Arch, class T>
[[gnu::always_inline]] inline void interleave(T const* from, std::int64_t const* begin, T* to,
                                              std::int64_t n) {
  using batch = xsimd::batch<T, Arch>;
  constexpr int width = detail::width<T, Arch>;
  for (std::int64_t i = 0; i < n; i += width, to += Split * width) {
    batch x[Split], y[Split];
    TYPEGRAD_UNROLL
    for (int j = 0; j < Split; ++j) x[j] = batch::load_unaligned(from + begin[j] + i);
    // Each round is a perfect shuffle of the elements.
    TYPEGRAD_UNROLL
    for (int round = 1; round < Split; round *= 2) {
      TYPEGRAD_UNROLL
      for (int j = 0; j < Split / 2; ++j) {
        y[2 * j] = xsimd::zip_lo(x[j], x[j + Split / 2]);
        y[2 * j + 1] = xsimd::zip_hi(x[j], x[j + Split / 2]);
      }
      TYPEGRAD_UNROLL
      for (int j = 0; j < Split; ++j) x[j] = y[j];
    }
    TYPEGRAD_UNROLL
    for (int j = 0; j < Split; ++j) x[j].store_unaligned(to + j * width);
  }
}

TYPEGRAD_QUIET_END

}  // namespace typegrad::on_cpu::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <typegrad/evaluators/cpu/xsimd.hpp>

// Loads and stores of the first n elements of a vector: the tails of rows. Memory beyond those n
// elements is never touched, also not by a masked-out lane that could fault.
namespace typegrad::on_cpu {

// A count of lanes known to the compiler; kernels take `lanes<n>` or a plain int alike.
template <int N>
using lanes = std::integral_constant<int, N>;

namespace detail {

template <class T, class Arch>
inline constexpr int width = static_cast<int>(xsimd::batch<T, Arch>::size);

template <class T, class Arch, int Bytes>
inline constexpr bool is_float_of =
    std::is_floating_point_v<T> && sizeof(T) == static_cast<std::size_t>(Bytes);

template <class Arch>
inline constexpr bool has_avx512 = std::is_base_of_v<xsimd::avx512f, Arch>;
template <class Arch>
inline constexpr bool has_avx = !has_avx512<Arch> && std::is_base_of_v<xsimd::avx, Arch>;

#if XSIMD_WITH_AVX
// Sliding windows over these give the masks of vmaskmov: n times -1, then 0.
alignas(64) inline constexpr std::int32_t mask_window_32[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
alignas(64) inline constexpr std::int64_t mask_window_64[8] = {-1, -1, -1, -1};

template <int Bytes>
__attribute__((always_inline)) inline __m256i avx_mask(int n) {
  if constexpr (Bytes == 4) {
    return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(mask_window_32 + 8 - n));
  } else {
    return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(mask_window_64 + 4 - n));
  }
}
#endif

}  // namespace detail

// The first n elements at p, 0 in the other lanes. 0 <= n <= width; n is an int or lanes<n>.
template <class Arch = xsimd::default_arch, class T, class N>
[[nodiscard]] __attribute__((always_inline)) inline xsimd::batch<T, Arch> load_partial(T const* p,
                                                                                       N count) {
  using batch = xsimd::batch<T, Arch>;
  int const n = count;
  if constexpr (!std::is_same_v<N, int> && !std::is_integral_v<N>) {
    if constexpr (N::value == detail::width<T, Arch>) return batch::load_unaligned(p);
  }
#if XSIMD_WITH_AVX512F
  if constexpr (detail::has_avx512<Arch> && detail::is_float_of<T, Arch, 4>) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1U), p);
  } else if constexpr (detail::has_avx512<Arch> && detail::is_float_of<T, Arch, 8>) {
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1U << n) - 1U), p);
  } else
#endif
#if XSIMD_WITH_AVX
      if constexpr (detail::has_avx<Arch> && detail::is_float_of<T, Arch, 4>) {
    return _mm256_maskload_ps(p, detail::avx_mask<4>(n));
  } else if constexpr (detail::has_avx<Arch> && detail::is_float_of<T, Arch, 8>) {
    return _mm256_maskload_pd(p, detail::avx_mask<8>(n));
  } else
#endif
  {
    alignas(batch) T lane[batch::size] = {};
    std::memcpy(lane, p, static_cast<std::size_t>(n) * sizeof(T));
    return batch::load_aligned(lane);
  }
}

// Writes the first n lanes of v to p. 0 <= n <= width; n is an int or lanes<n>.
template <class T, class Arch, class N>
__attribute__((always_inline)) inline void store_partial(T* p, xsimd::batch<T, Arch> const& v,
                                                         N count) {
  using batch = xsimd::batch<T, Arch>;
  int const n = count;
  if constexpr (!std::is_same_v<N, int> && !std::is_integral_v<N>) {
    if constexpr (N::value == detail::width<T, Arch>) {
      v.store_unaligned(p);
      return;
    }
  }
#if XSIMD_WITH_AVX512F
  if constexpr (detail::has_avx512<Arch> && detail::is_float_of<T, Arch, 4>) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1U << n) - 1U), v);
  } else if constexpr (detail::has_avx512<Arch> && detail::is_float_of<T, Arch, 8>) {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1U << n) - 1U), v);
  } else
#endif
#if XSIMD_WITH_AVX
      if constexpr (detail::has_avx<Arch> && detail::is_float_of<T, Arch, 4>) {
    _mm256_maskstore_ps(p, detail::avx_mask<4>(n), v);
  } else if constexpr (detail::has_avx<Arch> && detail::is_float_of<T, Arch, 8>) {
    _mm256_maskstore_pd(p, detail::avx_mask<8>(n), v);
  } else
#endif
  {
    alignas(batch) T lane[batch::size];
    v.store_aligned(lane);
    std::memcpy(p, lane, static_cast<std::size_t>(n) * sizeof(T));
  }
}

}  // namespace typegrad::on_cpu

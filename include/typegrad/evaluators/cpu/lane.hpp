// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/dtype.hpp>
#include <typegrad/core/inline.hpp>
#include <typegrad/evaluators/cpu/partial.hpp>
#include <typegrad/core/quiet.hpp>

#include <typegrad/evaluators/cpu/xsimd.hpp>

#include <cstdint>
#include <cstring>
#include <type_traits>

// How the values of a graph look inside a kernel. All vectors of a kernel have as many lanes as a
// vector of `Real` (float, or double in float64 programs): integers have Real's width there, truth
// values are masks. Loads and stores convert from and to the dtype in memory.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

template <class Real>
using integer_of = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;

/// A single value of a dtype.
template <class Real, dtype Type>
using scalar_of =
    std::conditional_t<is_floating(Type), Real,
                       std::conditional_t<Type == dtype::boolean, bool, integer_of<Real>>>;

/// A vector of them.
template <class Real, class Arch, dtype Type>
using vector_of = std::conditional_t<
    is_floating(Type), xsimd::batch<Real, Arch>,
    std::conditional_t<Type == dtype::boolean, xsimd::batch_bool<Real, Arch>,
                       xsimd::batch<integer_of<Real>, Arch>>>;

/// What an element of a dtype is in memory.
template <dtype Type>
using memory_of = std::conditional_t<
    Type == dtype::float32, float,
    std::conditional_t<Type == dtype::float64, double,
                       std::conditional_t<Type == dtype::int32, std::int32_t,
                                          std::conditional_t<Type == dtype::boolean, bool,
                                                             std::int8_t>>>>;

template <class Real, class Arch>
inline constexpr int lane_count = static_cast<int>(xsimd::batch<Real, Arch>::size);

namespace detail {

template <class Real, class Arch>
using integers = xsimd::batch<integer_of<Real>, Arch>;

/// A mask of Real lanes as one of integer lanes, and back.
template <class Real, class Arch>
TYPEGRAD_INLINE auto integer_mask(xsimd::batch_bool<Real, Arch> const& m) {
  return xsimd::batch_bool_cast<integer_of<Real>>(m);
}
template <class Real, class Arch, class M>
TYPEGRAD_INLINE auto real_mask(M const& m) {
  return xsimd::batch_bool_cast<Real>(m);
}

/// The first n of as many truth values as a vector of float has lanes, where the architecture has
/// instructions for them; see `has_truth`.
template <class Real, class Arch>
inline constexpr bool has_truth =
#if XSIMD_WITH_AVX512BW
    (std::is_same_v<Real, float> && std::is_base_of_v<xsimd::avx512bw, Arch>) ||
#endif
#if XSIMD_WITH_AVX2
    (std::is_same_v<Real, float> && has_avx<Arch> && std::is_base_of_v<xsimd::avx2, Arch>) ||
#endif
    false;

template <class Arch, class N>
TYPEGRAD_INLINE xsimd::batch_bool<float, Arch> load_truth([[maybe_unused]] bool const* p,
                                                          N count) {
  [[maybe_unused]] int const n = count;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>) {
    __m128i const bytes = _mm_maskz_loadu_epi8(static_cast<__mmask16>((1U << n) - 1U), p);
    return xsimd::batch_bool<float, Arch>(_mm_test_epi8_mask(bytes, bytes));
  }
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx<Arch>) {
    std::int64_t bytes = 0;
    if (n == 8)
      std::memcpy(&bytes, p, 8);
    else
      for (int i = 0; i < n; ++i) bytes |= std::int64_t{p[i]} << (8 * i);
    __m256i const wide = _mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bytes));
    return xsimd::batch_bool<float, Arch>(
        _mm256_castsi256_ps(_mm256_cmpgt_epi32(wide, _mm256_setzero_si256())));
  }
#endif
}

template <class Arch, class N>
TYPEGRAD_INLINE void store_truth([[maybe_unused]] bool* p,
                                 [[maybe_unused]] xsimd::batch_bool<float, Arch> const& v,
                                 N count) {
  [[maybe_unused]] int const n = count;
#if XSIMD_WITH_AVX512BW
  if constexpr (has_avx512<Arch>)
    _mm_mask_storeu_epi8(p, static_cast<__mmask16>((1U << n) - 1U),
                         _mm_maskz_set1_epi8(v.data, 1));
#endif
#if XSIMD_WITH_AVX2
  if constexpr (has_avx<Arch>) {
    __m256i const wide = _mm256_castps_si256(v.data);
    __m128i const half =
        _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    std::int64_t const bytes =
        _mm_cvtsi128_si64(_mm_and_si128(_mm_packs_epi16(half, half), _mm_set1_epi8(1)));
    if (n == 8)
      std::memcpy(p, &bytes, 8);
    else
      for (int i = 0; i < n; ++i) p[i] = (bytes >> (8 * i)) & 1;
  }
#endif
}

/// n (or lanes<n>) elements of a dtype at p, `stride` apart; 0 in the other lanes.
template <class Real, class Arch, dtype Type, class N>
TYPEGRAD_INLINE auto load_lanes(memory_of<Type> const* p, std::int64_t stride, N n) {
  using memory = memory_of<Type>;
  using vector = vector_of<Real, Arch, Type>;
  constexpr int width = lane_count<Real, Arch>;
  if constexpr (std::is_same_v<memory, Real> || std::is_same_v<memory, integer_of<Real>>) {
    if (stride == 1) return vector(load_partial<Arch>(p, n));
  }
  if constexpr (Type == dtype::boolean) {
    if constexpr (has_truth<Real, Arch>) {
      if (stride == 1) return load_truth<Arch>(p, n);
    } else if constexpr (!std::is_same_v<N, int>) {
      if constexpr (N::value == width)
        if (stride == 1) return vector::load_unaligned(p);
    }
  }
  int const count = n;
  if constexpr (Type == dtype::boolean) {
    alignas(64) bool values[width] = {};
    for (int i = 0; i < count; ++i) values[i] = p[i * stride];
    return vector::load_unaligned(values);
  } else {
    using element = typename vector::value_type;
    alignas(64) element values[width] = {};
    for (int i = 0; i < count; ++i) values[i] = static_cast<element>(p[i * stride]);
    return vector::load_aligned(values);
  }
}

template <class Real, class Arch, dtype Type, class V, class N>
TYPEGRAD_INLINE void store_lanes(memory_of<Type>* p, std::int64_t stride, V const& v, N n) {
  using memory = memory_of<Type>;
  constexpr int width = lane_count<Real, Arch>;
  if constexpr (std::is_same_v<memory, Real> || std::is_same_v<memory, integer_of<Real>>) {
    if (stride == 1) return store_partial(p, v, n);
  }
  if constexpr (Type == dtype::boolean) {
    if constexpr (has_truth<Real, Arch>) {
      if (stride == 1) return store_truth<Arch>(p, v, n);
    } else if constexpr (!std::is_same_v<N, int>) {
      if constexpr (N::value == width)
        if (stride == 1) return v.store_unaligned(p);
    }
  }
  int const count = n;
  if constexpr (Type == dtype::boolean) {
    alignas(64) bool values[width];
    v.store_unaligned(values);
    for (int i = 0; i < count; ++i) p[i * stride] = values[i];
  } else {
    alignas(64) typename V::value_type values[width];
    v.store_aligned(values);
    for (int i = 0; i < count; ++i) p[i * stride] = static_cast<memory>(values[i]);
  }
}

/// 0, 1, 2, ...
template <class Real, class Arch>
TYPEGRAD_INLINE integers<Real, Arch> lane_numbers() {
  alignas(64) integer_of<Real> values[lane_count<Real, Arch>];
  for (int i = 0; i < lane_count<Real, Arch>; ++i) values[i] = i;
  return integers<Real, Arch>::load_aligned(values);
}

/// A vector or scalar of one dtype as another.
template <class Real, class Arch, dtype From, dtype To, class V>
TYPEGRAD_INLINE auto cast_vector(V const& x) {
  using real = xsimd::batch<Real, Arch>;
  using integer = integers<Real, Arch>;
  if constexpr (is_floating(From) && is_floating(To)) {
    return x;
  } else if constexpr (From == dtype::boolean) {
    if constexpr (To == dtype::boolean)
      return x;
    else if constexpr (is_floating(To))
      return xsimd::select(x, real(Real(1)), real(Real(0)));
    else
      return xsimd::select(integer_mask<Real, Arch>(x), integer(1), integer(0));
  } else if constexpr (To == dtype::boolean) {
    if constexpr (is_floating(From))
      return x != real(Real(0));
    else
      return real_mask<Real, Arch>(x != integer(0));
  } else if constexpr (is_floating(To)) {
    return xsimd::to_float(x);
  } else if constexpr (is_floating(From)) {
    return xsimd::to_int(x);
  } else {
    return x;
  }
}

}  // namespace detail
}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/runs.hpp>
#include <typegrad/evaluators/cpu/window/walk.hpp>

#include <algorithm>
#include <type_traits>

// Windows of few channels that share a vector: lane w * channels + c is channel c of window w, for
// neighbouring windows of a row. Rules work on such vectors as on any others.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu::detail {

/// `Windows` of `Channels`, whose first elements are `Step` elements apart. Stands for a number of
/// lanes.
template <int Windows, int Channels, int Step>
struct windows_beside {
  static constexpr int windows = Windows, lanes_in_use = Windows * Channels;
  static constexpr int span = (Windows - 1) * Step + Channels;  ///< elements that a tap reads
  static constexpr int row = Windows * Step;                    ///< and all of them stand in
  /// Vectors that these elements fill.
  static constexpr int vectors(int width) { return (row + width - 1) / width; }
};

/// As many as fit; one where the processor has no instruction that picks lanes from two vectors.
template <class Walk>
struct choose_beside {
  using vector = typename Walk::vector;
  using T = typename vector::value_type;
  static constexpr int channels = static_cast<int>(std::min<std::int64_t>(Walk::channels, 16));
  static constexpr int step = static_cast<int>(std::min<std::int64_t>(Walk::columns.stride, 64)) *
                              channels;
  static constexpr int count = [] {
    if (!has_avx512<typename vector::arch_type> || !std::is_same_v<T, float>) return 1;
    if (!Walk::unrolled || 2 * Walk::channels > Walk::width) return 1;
    int n = Walk::width / channels;
    while (n > 1 && (n - 1) * step + channels > 2 * Walk::width) --n;
    return n;
  }();
  using type = windows_beside<count, channels, step>;
};
template <class Walk>
using beside_of = typename choose_beside<Walk>::type;

#if XSIMD_WITH_AVX512F
template <int Windows, int Channels, int Step>
struct beside_lanes {
  using beside = windows_beside<Windows, Channels, Step>;
  std::int32_t from[16] = {};  ///< where a tap's elements are
  /// Tap t's part of vector q of all elements: from which lanes, and which.
  std::int32_t to[Step][beside::vectors(16)][16] = {};
  std::uint16_t mask[Step][beside::vectors(16)] = {};

  constexpr beside_lanes() {
    for (int i = 0; i < Windows * Channels; ++i) {
      int const at = i / Channels * Step + i % Channels;
      from[i] = at;
      for (int tap = 0; (tap + 1) * Channels <= Step; ++tap) {
        int const e = at + tap * Channels;
        to[tap][e / 16][e % 16] = i;
        mask[tap][e / 16] = static_cast<std::uint16_t>(mask[tap][e / 16] | (1U << (e % 16)));
      }
    }
  }
};
template <int Windows, int Channels, int Step>
alignas(64) inline constexpr beside_lanes<Windows, Channels, Step> lanes_beside{};
#endif

}  // namespace typegrad::on_cpu::detail

namespace typegrad::on_cpu {

/// The elements of one tap; p: the first window's.
template <class Arch, class T, int Windows, int Channels, int Step>
[[nodiscard]] TYPEGRAD_FORCE xsimd::batch<T, Arch> load_partial(
    T const* p, detail::windows_beside<Windows, Channels, Step>) {
  using beside = detail::windows_beside<Windows, Channels, Step>;
#if XSIMD_WITH_AVX512F
  if constexpr (detail::has_avx512<Arch>) {
    constexpr auto mask = static_cast<__mmask16>((1U << beside::lanes_in_use) - 1U);
    __m512i const from = _mm512_loadu_si512(detail::lanes_beside<Windows, Channels, Step>.from);
    if constexpr (beside::span <= 16) {
      __m512 const x = on_cpu::load_partial<Arch>(p, lanes<beside::span>{});
      return _mm512_maskz_permutexvar_ps(mask, from, x);
    } else {
      __m512 const low = xsimd::batch<T, Arch>::load_unaligned(p);
      __m512 const high = on_cpu::load_partial<Arch>(p + 16, lanes<beside::span - 16>{});
      return _mm512_maskz_permutex2var_ps(mask, low, from, high);
    }
  } else
#endif
  {
    return on_cpu::load_partial<Arch>(p, lanes<beside::lanes_in_use>{});
  }
}

}  // namespace typegrad::on_cpu

namespace typegrad::on_cpu::detail {

/// Puts one tap's elements where they stand among all elements of the windows' row.
template <class Arch, class T, int Windows, int Channels, int Step, int Vectors>
TYPEGRAD_FORCE void put_tap(windows_beside<Windows, Channels, Step>, std::int64_t tap,
                            xsimd::batch<T, Arch> const& x,
                            xsimd::batch<T, Arch> (&row)[Vectors]) {
#if XSIMD_WITH_AVX512F
  if constexpr (has_avx512<Arch>) {
    constexpr auto const& order = lanes_beside<Windows, Channels, Step>;
    for (int q = 0; q < Vectors; ++q)
      row[q] = _mm512_mask_permutexvar_ps(row[q], order.mask[tap][q],
                                          _mm512_loadu_si512(order.to[tap][q]), x);
  }
#else
  (void)tap, (void)x, (void)row;
#endif
}

template <std::int64_t Columns, class V, class N, class Epilogue>
[[gnu::noinline]] void call_run(Epilogue const& epilogue, std::int64_t row, std::int64_t column,
                                V x, N n) {
  epilogue.template run_of<Columns>(row, column, x, n);
}
/// Hands on `Count` elements, rows of `Columns` from the row on.
template <std::int64_t Columns, int Count, class V, int Vectors, class Epilogue>
TYPEGRAD_FORCE void hand_on_rows(Epilogue const& epilogue, std::int64_t row,
                                 V const (&x)[Vectors]) {
  constexpr int width = static_cast<int>(V::size);
  [&]<std::size_t... Q>(std::index_sequence<Q...>) __attribute__((always_inline)) {
    auto const one = [&]<int I>(std::integral_constant<int, I>) __attribute__((always_inline)) {
      constexpr lanes<std::min(width, Count - I * width)> n{};
      constexpr std::int64_t at = I * width;
      if constexpr (is_heavy<Epilogue>)
        call_run<Columns>(epilogue, row + at / Columns, at % Columns, x[I], n);
      else
        epilogue.template run_of<Columns>(row + at / Columns, at % Columns, x[I], n);
    };
    (one(std::integral_constant<int, static_cast<int>(Q)>{}), ...);
  }(std::make_index_sequence<static_cast<std::size_t>(Vectors)>{});
}

}  // namespace typegrad::on_cpu::detail
TYPEGRAD_QUIET_END

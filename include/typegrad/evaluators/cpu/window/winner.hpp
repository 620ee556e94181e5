// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/beside.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu::detail {

/// Which tap of a window has the first largest element, the first NaN if there is one: its number,
/// lane by lane; -1 in windows that have no taps.
template <bool Whole, class Walk>
struct winner_of_window {
  using vector = typename Walk::vector;
  using T = typename vector::value_type;
  using Arch = typename vector::arch_type;

  /// Tap 0 lies at this element of x.
  template <class N>
  TYPEGRAD_FORCE static vector find(T const* x, std::int64_t element, N n,
                                    taps_of_window const& inside) {
    // straight-line code keeps the window in registers, loops load it once more
    constexpr bool kept = Whole && Walk::unrolled;
    vector window[kept ? Walk::taps : 1];
    greatest<T, Arch> most;
    Walk::template each_tap<Whole>(
        inside, [&](std::int64_t place, std::int64_t tap) __attribute__((always_inline)) {
          vector const here = load_partial<Arch>(x + element + place * Walk::channels, n);
          if constexpr (kept) window[tap] = here;
          most.take(here);
        });
    if (most.any_nan()) [[unlikely]]
      return find_nan(x, element, n, inside, most.value());
    vector winner(T(-1));
    Walk::template each_tap<Whole, true>(  // the first one has the last word
        inside, [&](std::int64_t place, std::int64_t tap) __attribute__((always_inline)) {
          vector here;
          if constexpr (kept)
            here = window[tap];
          else
            here = load_partial<Arch>(x + element + place * Walk::channels, n);
          winner = xsimd::select(here == most.best, vector(static_cast<T>(tap)), winner);
        });
    return winner;
  }

 private:
  /// The same where some lanes have a NaN.
  template <class N>
  [[gnu::noinline, gnu::cold]] static vector find_nan(T const* x, std::int64_t element, N n,
                                                      taps_of_window inside, vector best) {
    if constexpr (Whole)
      for (int i = 0; i < max_spatial; ++i) inside.axes[i] = {0, Walk::sizes[i]};
    vector winner(T(-1));
    Walk::template each_tap<false, true>(inside, [&](std::int64_t place, std::int64_t tap) {
      vector const here = load_partial<Arch>(x + element + place * Walk::channels, n);
      winner = xsimd::select(here == best || here != here, vector(static_cast<T>(tap)), winner);
    });
    return winner;
  }
};

}  // namespace typegrad::on_cpu::detail
TYPEGRAD_QUIET_END

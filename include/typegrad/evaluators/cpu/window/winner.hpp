// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/walk.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::cpu::detail {

/// Which tap of a window has the first largest element: the first NaN if there is one.
template <bool Whole, class Walk>
struct winner_of_window {
  using vector = typename Walk::vector;
  using T = typename vector::value_type;
  using Arch = typename vector::arch_type;

  /// f(position relative to tap 0's, tap, in which lanes it wins) for all taps in order; tap 0 lies
  /// at this element of x.
  template <class N, class F>
  TYPEGRAD_FORCE static void each(T const* x, std::int64_t element, N n,
                                  taps_of_window const& inside, F&& f) {
    // straight-line code keeps the window in registers, loops load it once more
    constexpr std::int64_t kept = Whole && Walk::unrolled ? Walk::taps : 1;
    vector window[kept];
    greatest<T, Arch> most;
    Walk::template each_tap<Whole>(
        inside, [&](std::int64_t place, std::int64_t tap) __attribute__((always_inline)) {
          vector const here = load_partial<Arch>(x + element + place * Walk::channels, n);
          window[kept > 1 ? tap : 0] = here;
          most.take(here);
        });
    vector const best = most.value();
    auto open = typename vector::batch_bool_type(true);  // the lanes whose winner is still to come
    Walk::template each_tap<Whole>(
        inside, [&](std::int64_t place, std::int64_t tap) __attribute__((always_inline)) {
          vector const here =
              kept > 1 ? window[kept > 1 ? tap : 0]
                       : vector(load_partial<Arch>(x + element + place * Walk::channels, n));
          auto const wins = open && (here == best || here != here);
          open = open && !wins;
          f(place, tap, wins);
        });
  }
};

}  // namespace typegrad::cpu::detail
TYPEGRAD_QUIET_END

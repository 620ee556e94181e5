// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/fold.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

namespace detail {

template <class T, class Arch>
struct window_max_rule {
  using vector = xsimd::batch<T, Arch>;
  T const* x;

  template <class Walk, bool Whole, int Vectors, class N>
  TYPEGRAD_FORCE void operator()(vector (&out)[Vectors], std::int64_t element, N n,
                                 taps_of_window const& inside) const {
    greatest<T, Arch> most[Vectors];
    Walk::template each_tap<Whole>(
        inside, [&](std::int64_t place, std::int64_t) __attribute__((always_inline)) {
          T const* const p = x + element + place * Walk::channels;
          for (int v = 0; v < Vectors; ++v)
            most[v].take(load_partial<Arch>(p + v * Walk::width, n));
        });
    for (int v = 0; v < Vectors; ++v) out[v] = most[v].value();
  }
  static vector nothing() { return vector(-std::numeric_limits<T>::infinity()); }
};

}  // namespace detail

/// The largest element of each window of x; NaN is larger than any number, padding smaller: samples
/// x output positions rows, channels columns.
template <pooling_shape Shape, class T, class Arch = xsimd::default_arch>
struct window_max_kernel {
  static constexpr std::size_t scratch_bytes(int) { return 0; }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, Epilogue const& epilogue,
                  std::byte*) {
    using rule = detail::window_max_rule<T, Arch>;
    detail::window_fold<Shape, T, Arch, rule>::run(members, batch, rule{x}, epilogue);
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

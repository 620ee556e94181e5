// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/fold.hpp>
#include <typegrad/evaluators/cpu/window/winner.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

namespace detail {

template <class T, class Arch>
struct window_gather_rule {
  using vector = xsimd::batch<T, Arch>;
  T const* x;
  T const* z;

  template <class Walk, bool Whole, int Vectors, class N>
  TYPEGRAD_FORCE void operator()(vector (&out)[Vectors], std::int64_t element, N n,
                                 taps_of_window const& inside) const {
    for (int v = 0; v < Vectors; ++v) {
      std::int64_t const at = element + v * Walk::width;
      out[v] = vector(T(0));
      vector const winner = winner_of_window<Whole, Walk>::find(x, at, n, inside);
      Walk::template each_tap<Whole>(
          inside, [&](std::int64_t place, std::int64_t tap) __attribute__((always_inline)) {
            vector const here = load_partial<Arch>(z + at + place * Walk::channels, n);
            out[v] = xsimd::select(winner == vector(static_cast<T>(tap)), here, out[v]);
          });
    }
  }
  static vector nothing() { return vector(T(0)); }
};

}  // namespace detail

/// The element of z where the window's first largest x is; 0 for windows in padding alone: samples
/// x output positions rows, channels columns.
template <pooling_shape Shape, class T, class Arch = xsimd::default_arch>
struct window_gather_kernel {
  static constexpr std::size_t scratch_bytes(int) { return 0; }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* z,
                  Epilogue const& epilogue, std::byte*) {
    using rule = detail::window_gather_rule<T, Arch>;
    detail::window_fold<Shape, T, Arch, rule>::run(members, batch, rule{x, z}, epilogue);
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

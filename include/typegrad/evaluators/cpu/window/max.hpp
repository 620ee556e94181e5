// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/fold.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::cpu {

namespace detail {

template <class T, class Arch>
struct window_max_rule {
  using vector = xsimd::batch<T, Arch>;
  struct state {
    vector best = lowest<vector>();
  };
  T const* x;

  template <class N>
  TYPEGRAD_FORCE void take(state& s, std::int64_t element, N n) const {
    s.best = greater_of(s.best, vector(load_partial<Arch>(x + element, n)));
  }
  template <class N>
  TYPEGRAD_FORCE vector finish(state const& s, std::int64_t, N) const {
    return s.best;
  }
  static vector nothing() { return lowest<vector>(); }
};

template <class T, class Arch>
struct window_gather_rule {
  using vector = xsimd::batch<T, Arch>;
  struct state {
    vector best = lowest<vector>(), found = vector(T(0));
  };
  T const* x;
  T const* z;

  template <class N>
  TYPEGRAD_FORCE void take(state& s, std::int64_t element, N n) const {
    vector const here = load_partial<Arch>(x + element, n);
    auto const wins = here > s.best || (here != here && s.best == s.best);
    s.best = xsimd::select(wins, here, s.best);
    s.found = xsimd::select(wins, vector(load_partial<Arch>(z + element, n)), s.found);
  }
  /// Where all of the window is -infinity its first element is the largest.
  template <class N>
  TYPEGRAD_FORCE vector finish(state const& s, std::int64_t first, N n) const {
    return xsimd::select(s.best == lowest<vector>(), vector(load_partial<Arch>(z + first, n)),
                         s.found);
  }
  static vector nothing() { return vector(T(0)); }
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

}  // namespace typegrad::cpu
TYPEGRAD_QUIET_END

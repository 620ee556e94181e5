// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/apart.hpp>
#include <typegrad/evaluators/cpu/window/scatter_overlapping.hpp>
#include <typegrad/evaluators/cpu/window/winner.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

namespace detail {

template <class T, class Arch>
struct window_scatter_rule {
  using vector = xsimd::batch<T, Arch>;
  T const* x;

  template <class Walk, bool Whole, class N, class F>
  TYPEGRAD_FORCE void operator()(std::int64_t element, N n, taps_of_window const& inside,
                                 vector const& value, F&& f) const {
    vector const winner = winner_of_window<Whole, Walk>::find(x, element, n, inside);
    Walk::template each_tap<Whole>(
        inside, [&](std::int64_t place, std::int64_t tap) __attribute__((always_inline)) {
          f(place, xsimd::select(winner == vector(static_cast<T>(tap)), value, vector(T(0))));
        });
  }
};

}  // namespace detail

/// Gives each element of y to the first largest element of its window of x; what several windows
/// give to one element is added up, the others are 0: samples x input positions rows, channels
/// columns.
template <pooling_shape Shape, class T, class Arch = xsimd::default_arch>
struct window_scatter_kernel {
  static constexpr std::size_t scratch_bytes(int team_size) {
    return overlapping ? scatter::scratch_bytes(team_size) : 0;
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& epilogue, std::byte* scratch) {
    using rule = detail::window_scatter_rule<T, Arch>;
    if constexpr (overlapping)
      scatter::run(members, batch, x, y, epilogue, scratch);
    else
      detail::windows_apart<Shape, T, Arch, rule>::run(members, batch, rule{x}, y, epilogue);
  }

 private:
  static constexpr bool overlapping = detail::overlaps(Shape.over);
  using scatter = detail::scatter_overlapping<Shape, T, Arch>;
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

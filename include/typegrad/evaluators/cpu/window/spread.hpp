// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/apart.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

namespace detail {

template <class T, class Arch>
struct window_spread_rule {
  template <class Walk, bool Whole, class N, class F>
  TYPEGRAD_FORCE void operator()(std::int64_t, N, taps_of_window const& inside,
                                 xsimd::batch<T, Arch> const& value, F&& f) const {
    Walk::template each_tap<Whole>(inside, [&](std::int64_t place, std::int64_t)
                                               __attribute__((always_inline)) { f(place, value); });
  }
};

}  // namespace detail

/// The transpose of window_sum: each element of the result is the sum of y over the windows that
/// read it; samples x input positions rows, channels columns.
template <pooling_shape Shape, class T, class Arch = xsimd::default_arch>
struct window_spread_kernel : private detail::window_walk<Shape, T, Arch> {
  static constexpr std::size_t scratch_bytes(int) { return 0; }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* y, Epilogue const& epilogue,
                  std::byte*) {
    using rule = detail::window_spread_rule<T, Arch>;
    if constexpr (!detail::overlaps(Shape.over) && walk::unrolled)
      detail::windows_apart<Shape, T, Arch, rule>::run(members, batch, rule{}, y, epilogue);
    else
      walk::each_row(members, batch, depth.in, rows.in, columns.in,
                     [&](std::int64_t sample, std::int64_t i0, std::int64_t i1, std::int64_t from,
                         std::int64_t to) {
                       row(y + sample * walk::positions_out * channels, epilogue,
                           sample * walk::positions_in, i0, i1, from, to);
                     });
  }

 private:
  using walk = detail::window_walk<Shape, T, Arch>;
  using typename walk::vector;
  using walk::channels;
  using walk::columns;
  using walk::depth;
  using walk::rows;

  template <class Epilogue>
  [[gnu::noinline]] static void row(T const* y, Epilogue const& given, std::int64_t first_row,
                                    std::int64_t i0, std::int64_t i1, std::int64_t from,
                                    std::int64_t to) {
    auto const epilogue = given;  // a copy, since stores could alias the original
    auto const range0 = detail::windows_at(depth, i0), range1 = detail::windows_at(rows, i1);
    for (std::int64_t i2 = from; i2 < to; ++i2) {
      auto const range2 = detail::windows_at(columns, i2);
      walk::each_vector([&](std::int64_t c, auto n) __attribute__((always_inline)) {
        vector sum(T(0));
        for (std::int64_t o0 = range0.begin; o0 < range0.end; ++o0) {
          if (depth.dilation > 1 && !detail::reads(depth, o0, i0)) continue;
          for (std::int64_t o1 = range1.begin; o1 < range1.end; ++o1) {
            if (rows.dilation > 1 && !detail::reads(rows, o1, i1)) continue;
            T const* const at = y + (o0 * rows.out + o1) * columns.out * channels + c;
            for (std::int64_t o2 = range2.begin; o2 < range2.end; ++o2) {
              if (columns.dilation > 1 && !detail::reads(columns, o2, i2)) continue;
              sum += load_at(at + o2 * channels, n);
            }
          }
        }
        detail::hand_on(epilogue, first_row + walk::position(i0, i1, i2), c, sum, n);
      });
    }
  }
  template <class N>
  TYPEGRAD_FORCE static vector load_at(T const* p, N n) {
    return load_partial<Arch>(p, n);
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END

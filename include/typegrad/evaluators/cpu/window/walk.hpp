// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/gemm/epilogue.hpp>
#include <typegrad/evaluators/cpu/team.hpp>
#include <typegrad/evaluators/cpu/window/shape.hpp>

#include <initializer_list>
#include <limits>
#include <utility>

#define TYPEGRAD_FORCE __attribute__((always_inline)) inline

// The way through windows, samples and channels that all window kernels share. Positions count
// spatial elements; element (position, channel) lies at position * channels + channel.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu::detail {

/// The taps of one window that read no padding.
struct taps_of_window {
  index_range axes[max_spatial];

  constexpr bool empty() const { return axes[0].empty() || axes[1].empty() || axes[2].empty(); }
};

template <pooling_shape Shape, class T, class Arch>
struct window_walk {
  using vector = xsimd::batch<T, Arch>;
  static constexpr int width = detail::width<T, Arch>;
  static constexpr window_axis depth = Shape.over.axes[0];
  static constexpr window_axis rows = Shape.over.axes[1];
  static constexpr window_axis columns = Shape.over.axes[2];
  static constexpr std::int64_t channels = Shape.channels;
  static constexpr std::int64_t positions_in = Shape.over.positions_in();
  static constexpr std::int64_t positions_out = Shape.over.positions_out();
  static constexpr std::int64_t taps = Shape.over.taps();
  static constexpr std::int64_t sizes[max_spatial] = {depth.size, rows.size, columns.size};
  static_assert(depth.low >= 0 && rows.low >= 0 && columns.low >= 0 && positions_out > 0);

  /// Windows of no more taps have straight-line code.
  static constexpr bool unrolled = taps <= 16;
  /// Below this many elements read, the team's first member works alone.
  static constexpr std::int64_t parallel_from = 16384;

  static constexpr std::int64_t position(std::int64_t i0, std::int64_t i1, std::int64_t i2) {
    return (i0 * rows.in + i1) * columns.in + i2;
  }
  static constexpr std::int64_t tap_position(std::int64_t t0, std::int64_t t1, std::int64_t t2) {
    return position(t0 * depth.dilation, t1 * rows.dilation, t2 * columns.dilation);
  }

  /// f(position relative to tap 0's, tap) for the taps of a window in order, or backwards.
  template <bool Whole, bool Backwards = false, class F>
  TYPEGRAD_FORCE static void each_tap(taps_of_window const& inside, F&& f) {
    if constexpr (Whole && unrolled) {
      [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
        (one_tap(Backwards ? taps - 1 - static_cast<std::int64_t>(I) : static_cast<std::int64_t>(I),
                 f),
         ...);
      }(std::make_index_sequence<static_cast<std::size_t>(taps)>{});
    } else {
      auto const range = [&](int i) { return Whole ? index_range{0, sizes[i]} : inside.axes[i]; };
      auto const [begin0, end0] = range(0);
      auto const [begin1, end1] = range(1);
      auto const [begin2, end2] = range(2);
      for (std::int64_t k0 = begin0; k0 < end0; ++k0)
        for (std::int64_t k1 = begin1; k1 < end1; ++k1)
          for (std::int64_t k2 = begin2; k2 < end2; ++k2) {
            std::int64_t const t0 = Backwards ? begin0 + end0 - 1 - k0 : k0;
            std::int64_t const t1 = Backwards ? begin1 + end1 - 1 - k1 : k1;
            std::int64_t const t2 = Backwards ? begin2 + end2 - 1 - k2 : k2;
            f(tap_position(t0, t1, t2), (t0 * rows.size + t1) * columns.size + t2);
          }
    }
  }
  template <class F>
  TYPEGRAD_FORCE static void one_tap(std::int64_t tap, F& f) {
    f(tap_position(tap / columns.size / rows.size, tap / columns.size % rows.size,
                   tap % columns.size),
      tap);
  }

  /// f(channel, lanes) for vectors along the channels [0, count).
  template <std::int64_t Count = channels, class F>
  TYPEGRAD_FORCE static void each_vector(F&& f) {
    for (std::int64_t c = 0; c + width <= Count; c += width) f(c, lanes<width>{});
    if constexpr (Count % width != 0)
      f(Count / width * width, lanes<static_cast<int>(Count % width)>{});
  }

  /// A member's part of all rows along the last axis of an extent (of samples x Extents...):
  /// f(sample, i0, i1, i2 of its first, i2 behind its last).
  template <class F>
  TYPEGRAD_FORCE static void each_row(team const& members, std::int64_t batch, std::int64_t e0,
                                      std::int64_t e1, std::int64_t e2, F&& f) {
    bool const alone = batch * positions_in * channels < parallel_from;
    if (alone && members.index != 0) return;
    auto const part = (alone ? team{} : members).part(batch * e0 * e1 * e2);
    for (std::int64_t i = part.begin; i < part.end;) {
      std::int64_t const row = i / e2, from = i % e2;
      std::int64_t const to = e2 - from < part.end - i ? e2 : from + part.end - i;
      f(row / e1 / e0, row / e1 % e0, row % e1, from, to);
      i += to - from;
    }
  }

  /// Windows [from, to) of the row (o0, o1): whole(from, to) for those that read no padding,
  /// border(from, to, taps along the other axes) for the others.
  template <class Whole, class Border>
  TYPEGRAD_FORCE static void each_stretch(std::int64_t o0, std::int64_t o1, std::int64_t from,
                                          std::int64_t to, Whole&& whole, Border&& border) {
    if constexpr (!Shape.over.padded()) {
      whole(from, to);
    } else {
      taps_of_window const inside{taps_inside(depth, o0), taps_inside(rows, o1), {0, 0}};
      constexpr index_range free = whole_windows(columns);
      bool const cut = inside.axes[0].size() != depth.size || inside.axes[1].size() != rows.size;
      std::int64_t const begin = cut ? to : clamped(free.begin, from, to);
      std::int64_t const end = cut ? to : clamped(free.end, begin, to);
      for (auto const part : {index_range{from, begin}, index_range{end, to}})
        if (!part.empty()) border(part.begin, part.end, inside);
      if (begin < end) whole(begin, end);
    }
  }
};

/// The greatest element of a window in the making, where NaN counts as greater than any number.
template <class T, class Arch>
struct greatest {
  using vector = xsimd::batch<T, Arch>;
  using mask = xsimd::batch_bool<T, Arch>;
  vector best = vector(-std::numeric_limits<T>::infinity());
  mask no_number = mask(false);

  TYPEGRAD_FORCE void take(vector const& x) {
    best = xsimd::max(x, best);  // where x is NaN, anything
    no_number = no_number || x != x;
  }
  TYPEGRAD_FORCE bool any_nan() const { return xsimd::any(no_number); }
  TYPEGRAD_FORCE vector value() const {
    return xsimd::select(no_number, vector(std::numeric_limits<T>::quiet_NaN()), best);
  }
};

template <class V, class N, class Epilogue>
[[gnu::noinline]] void call_epilogue(Epilogue const& epilogue, std::int64_t row,
                                     std::int64_t column, V x, N n) {
  epilogue(row, column, x, n);
}
/// Hands a finished vector on: a long epilogue is not inlined wherever that happens.
template <class V, class N, class Epilogue>
TYPEGRAD_FORCE void hand_on(Epilogue const& epilogue, std::int64_t row, std::int64_t column,
                            V const& x, N n) {
  if constexpr (is_heavy<Epilogue>)
    call_epilogue(epilogue, row, column, x, n);
  else
    epilogue(row, column, x, n);
}

}  // namespace typegrad::on_cpu::detail
TYPEGRAD_QUIET_END

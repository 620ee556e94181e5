// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/winner.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::cpu::detail {

/// Windows that overlap: the sums of a band of the result are gathered in scratch memory, for some
/// vectors of channels at a time. Windows that reach into two bands are looked at twice.
template <pooling_shape Shape, class T, class Arch>
struct scatter_overlapping : window_walk<Shape, T, Arch> {
  using walk = window_walk<Shape, T, Arch>;
  using typename walk::vector;
  using walk::channels;
  using walk::columns;
  using walk::depth;
  using walk::rows;
  using walk::width;

  /// Bands are cut along the outermost axis that has more than one element.
  static constexpr int along = depth.in > 1 ? 0 : rows.in > 1 ? 1 : 2;
  static constexpr window_axis cut = Shape.over.axes[along];
  static constexpr std::int64_t slice = walk::positions_in / cut.in;  ///< positions a band's unit

  /// Vectors of channels that are worked on together.
  static constexpr std::int64_t side = channels > width ? 2 : 1;
  static constexpr std::int64_t blocks = (channels + side * width - 1) / (side * width);
  /// Units of the axis in a band: as many as fit in 128 KiB, at least a window's stride.
  static constexpr std::int64_t unit_bytes =
      slice * side * width * static_cast<std::int64_t>(sizeof(T));
  static constexpr std::int64_t thickness =
      clamped((128 * 1024 / unit_bytes) / cut.stride * cut.stride,
              cut.stride < cut.in ? cut.stride : cut.in, cut.in);
  static constexpr std::int64_t bands = (cut.in + thickness - 1) / thickness;
  static constexpr std::size_t member_bytes =
      static_cast<std::size_t>(thickness * unit_bytes + 63) / 64 * 64;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return member_bytes * static_cast<std::size_t>(team_size);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& epilogue, std::byte* scratch) {
    bool const alone = batch * walk::positions_in * channels < walk::parallel_from;
    if (alone && members.index != 0) return;
    auto const part = (alone ? team{} : members).part(batch * bands * blocks);
    auto* const sums =
        reinterpret_cast<T*>(scratch + member_bytes * static_cast<std::size_t>(members.index));
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      std::int64_t const sample = i / blocks / bands, begin = i / blocks % bands * thickness;
      index_range const band{begin, clamped(begin + thickness, 0, cut.in)};
      std::int64_t const c = i % blocks * side * width;
      std::int64_t const first = sample * walk::positions_in;
      T const* const x_at = x + first * channels + c;
      T const* const y_at = y + sample * walk::positions_out * channels + c;
      constexpr std::int64_t last = channels - (blocks - 1) * side * width;  // channels
      if (last == side * width || i % blocks < blocks - 1)
        one_band<side * width>(x_at, y_at, epilogue, first, band, c, sums);
      else
        one_band<last>(x_at, y_at, epilogue, first, band, c, sums);
    }
  }

 private:
  template <std::int64_t Count, class Epilogue>
  [[gnu::noinline]] static void one_band(T const* x, T const* y, Epilogue const& epilogue,
                                         std::int64_t first, index_range band, std::int64_t channel,
                                         T* sums) {
    std::int64_t const positions = band.size() * slice;
    for (std::int64_t i = 0; i < positions * side; ++i)
      vector(T(0)).store_aligned(sums + i * width);
    add_windows<Count>(x, y, band, sums);
    for (std::int64_t i = 0; i < positions; ++i)
      walk::template each_vector<Count>([&](std::int64_t c, auto n) __attribute__((always_inline)) {
        epilogue(first + band.begin * slice + i, channel + c,
                 vector::load_aligned(sums + i * side * width + c), n);
      });
  }

  /// The windows that read the band; x, y: element 0 of the sample, of these channels.
  template <std::int64_t Count>
  [[gnu::noinline]] static void add_windows(T const* x, T const* y, index_range band, T* sums) {
    auto const windows = [&](int axis) {
      window_axis const& a = Shape.over.axes[axis];
      if (axis != along) return index_range{0, a.out};
      return index_range{windows_at(a, band.begin).begin, windows_at(a, band.end - 1).end};
    };
    for (std::int64_t o0 = windows(0).begin; o0 < windows(0).end; ++o0)
      for (std::int64_t o1 = windows(1).begin; o1 < windows(1).end; ++o1)
        for (std::int64_t o2 = windows(2).begin; o2 < windows(2).end; ++o2) {
          taps_of_window const inside{taps_inside(depth, o0), taps_inside(rows, o1),
                                      taps_inside(columns, o2)};
          bool const whole = inside.axes[0].size() == depth.size &&
                             inside.axes[1].size() == rows.size &&
                             inside.axes[2].size() == columns.size;
          std::int64_t const at = walk::position(first_element(depth, o0), first_element(rows, o1),
                                                 first_element(columns, o2));
          std::int64_t const o[] = {o0, o1, o2};
          // from the band's begin to tap 0 along the axis that is cut
          std::int64_t const reached = first_element(cut, o[along]) - band.begin;
          T const* const given = y + ((o0 * rows.out + o1) * columns.out + o2) * channels;
          if (!Shape.over.padded() || whole)
            add_window<true, Count>(x, given, at, inside, band, reached, sums);
          else
            add_window<false, Count>(x, given, at, inside, band, reached, sums);
        }
  }

  template <bool Whole, std::int64_t Count>
  TYPEGRAD_FORCE static void add_window(T const* x, T const* y, std::int64_t at,
                                        taps_of_window const& inside, index_range band,
                                        std::int64_t reached, T* sums) {
    // taps for one step along the axis that is cut
    constexpr std::int64_t inner = along == 0   ? rows.size * columns.size
                                   : along == 1 ? columns.size
                                                : 1;
    walk::template each_vector<Count>([&](std::int64_t c, auto n) __attribute__((always_inline)) {
      vector const value = load_partial<Arch>(y + c, n);
      winner_of_window<Whole, walk>::each(
          x, at * channels + c, n, inside,
          [&](std::int64_t place, std::int64_t tap,
              auto const& wins) __attribute__((always_inline)) {
            std::int64_t const step = reached + tap / inner % cut.size * cut.dilation;
            if (bands > 1 && (step < 0 || step >= band.size())) return;
            T* const to = sums + (at + place - band.begin * slice) * side * width + c;
            (vector::load_aligned(to) + xsimd::select(wins, value, vector(T(0)))).store_aligned(to);
          });
    });
  }
};

}  // namespace typegrad::cpu::detail
TYPEGRAD_QUIET_END

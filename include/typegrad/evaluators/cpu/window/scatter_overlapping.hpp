// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/winner.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu::detail {

/// Windows that overlap, in two passes over a band of the elements, for some vectors of channels at
/// a time: the first writes down which tap of each window wins, the second adds up for each element
/// the windows that it wins. Windows that reach into two bands are looked at twice.
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
  /// Elements and windows at one place of that axis.
  static constexpr std::int64_t slice_in = walk::positions_in / cut.in;
  static constexpr std::int64_t slice_out = walk::positions_out / cut.out;

  /// Vectors of channels that are worked on together.
  static constexpr std::int64_t all_vectors = (channels + width - 1) / width;
  static constexpr std::int64_t side = all_vectors < 4 ? all_vectors : 4;
  static constexpr std::int64_t blocks = (all_vectors + side - 1) / side;
  static constexpr std::int64_t last_channels = channels - (blocks - 1) * side * width;

  /// The windows that may read so many elements one behind the other.
  static constexpr std::int64_t windows_of(std::int64_t elements) {
    return clamped((elements + cut.reach() - 2) / cut.stride + 1, 1, cut.out);
  }
  static constexpr std::int64_t slice_bytes =
      slice_out * side * width * static_cast<std::int64_t>(sizeof(T));
  /// A band's elements along the axis: a multiple of the stride whose windows fit in 256 KiB.
  static constexpr std::int64_t thickness = [] {
    std::int64_t n = cut.stride;
    while (n < cut.in && windows_of(n + cut.stride) * slice_bytes <= 256 * 1024) n += cut.stride;
    return n < cut.in ? n : cut.in;
  }();
  static constexpr std::int64_t bands = (cut.in + thickness - 1) / thickness;
  static constexpr std::size_t member_bytes =
      static_cast<std::size_t>(windows_of(thickness) * slice_bytes + 63) / 64 * 64;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return member_bytes * static_cast<std::size_t>(team_size);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& epilogue, std::byte* scratch) {
    bool const alone = batch * walk::positions_in * channels < walk::parallel_from;
    if (alone && members.index != 0) return;
    auto const part = (alone ? team{} : members).part(batch * bands * blocks);
    auto* const winners =
        reinterpret_cast<T*>(scratch + member_bytes * static_cast<std::size_t>(members.index));
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      std::int64_t const begin = i / blocks % bands * thickness;
      std::int64_t const sample = i / blocks / bands, block = i % blocks;
      index_range const band{begin, clamped(begin + thickness, 0, cut.in)};
      // the channels of the last block may be fewer
      if (last_channels == side * width || block < blocks - 1)
        one_band<side * width>(x, y, epilogue, sample, band, block * side * width, winners);
      else
        one_band<last_channels>(x, y, epilogue, sample, band, block * side * width, winners);
    }
  }

 private:
  template <std::int64_t Count, class Epilogue>
  static void one_band(T const* x, T const* y, Epilogue const& epilogue, std::int64_t sample,
                       index_range band, std::int64_t channel, T* winners) {
    index_range const windows{windows_at(cut, band.begin).begin, windows_at(cut, band.end - 1).end};
    find<Count>(x + channel, sample, windows, winners);
    add<Count>(y + sample * walk::positions_out * channels + channel, epilogue, sample, band,
               windows, channel, winners);
  }

  TYPEGRAD_FORCE static index_range range(int axis, index_range of_cut, std::int64_t all) {
    return axis == along ? of_cut : index_range{0, all};
  }

  /// Writes the winning tap of each window, lane by lane; -1 where there is none.
  template <std::int64_t Count>
  [[gnu::noinline]] static void find(T const* x, std::int64_t sample, index_range windows,
                                     T* winners) {
    auto const range0 = range(0, windows, depth.out), range1 = range(1, windows, rows.out);
    auto const range2 = range(2, windows, columns.out);
    constexpr index_range free = whole_windows(columns);
    for (std::int64_t o0 = range0.begin; o0 < range0.end; ++o0)
      for (std::int64_t o1 = range1.begin; o1 < range1.end; ++o1) {
        taps_of_window inside{taps_inside(depth, o0), taps_inside(rows, o1), {0, 0}};
        bool const whole =
            inside.axes[0].size() == depth.size && inside.axes[1].size() == rows.size;
        std::int64_t const at =
            sample * walk::positions_in +
            walk::position(first_element(depth, o0), first_element(rows, o1), -columns.low);
        for (std::int64_t o2 = range2.begin; o2 < range2.end; ++o2, winners += side * width) {
          std::int64_t const element = (at + o2 * columns.stride) * channels;
          if (!Shape.over.padded() || (whole && free.contains(o2))) {
            find_one<true, Count>(x, element, inside, winners);
          } else {
            inside.axes[2] = taps_inside(columns, o2);
            find_one<false, Count>(x, element, inside, winners);
          }
        }
      }
  }
  template <bool Whole, std::int64_t Count>
  TYPEGRAD_FORCE static void find_one(T const* x, std::int64_t element,
                                      taps_of_window const& inside, T* winners) {
    walk::template each_vector<Count>([&](std::int64_t c, auto n) __attribute__((always_inline)) {
      winner_of_window<Whole, walk>::find(x, element + c, n, inside).store_aligned(winners + c);
    });
  }

  /// The sums of the band's elements; y: of the sample, from the first of these channels on.
  template <std::int64_t Count, class Epilogue>
  [[gnu::noinline]] static void add(T const* y, Epilogue const& given, std::int64_t sample,
                                    index_range band, index_range windows, std::int64_t channel,
                                    T const* winners) {
    auto const epilogue = given;  // a copy, since stores could alias the original
    auto const range0 = range(0, band, depth.in), range1 = range(1, band, rows.in);
    auto const range2 = range(2, band, columns.in);
    // where the windows that are written down begin, and how many there are along an axis
    auto const first = [&](int axis) { return axis == along ? windows.begin : 0; };
    std::int64_t const wide = along == 2 ? windows.size() : columns.out;
    std::int64_t const high = along == 1 ? windows.size() : rows.out;
    for (std::int64_t i0 = range0.begin; i0 < range0.end; ++i0) {
      index_range const w0 = windows_at(depth, i0);
      for (std::int64_t i1 = range1.begin; i1 < range1.end; ++i1) {
        index_range const w1 = windows_at(rows, i1);
        std::int64_t const row = sample * walk::positions_in + walk::position(i0, i1, 0);
        for (std::int64_t i2 = range2.begin; i2 < range2.end; ++i2) {
          index_range const w2 = windows_at(columns, i2);
          walk::template each_vector<Count>(
              [&](std::int64_t c, auto n) __attribute__((always_inline)) {
                vector sum(T(0));
                for (std::int64_t o0 = w0.begin; o0 < w0.end; ++o0) {
                  if (depth.dilation > 1 && !reads(depth, o0, i0)) continue;
                  for (std::int64_t o1 = w1.begin; o1 < w1.end; ++o1) {
                    if (rows.dilation > 1 && !reads(rows, o1, i1)) continue;
                    std::int64_t const t01 = tap(depth, o0, i0) * rows.size + tap(rows, o1, i1);
                    std::int64_t const in_y = (o0 * rows.out + o1) * columns.out;
                    std::int64_t const at = ((o0 - first(0)) * high + (o1 - first(1))) * wide;
                    for (std::int64_t o2 = w2.begin; o2 < w2.end; ++o2) {
                      if (columns.dilation > 1 && !reads(columns, o2, i2)) continue;
                      auto const here = static_cast<T>(t01 * columns.size + tap(columns, o2, i2));
                      auto const winner =
                          vector::load_aligned(winners + (at + o2 - first(2)) * side * width + c);
                      vector const value = load_partial<Arch>(y + (in_y + o2) * channels + c, n);
                      sum += xsimd::select(winner == vector(here), value, vector(T(0)));
                    }
                  }
                }
                hand_on(epilogue, row + i2, channel + c, sum, n);
              });
        }
      }
    }
  }
  static constexpr std::int64_t tap(window_axis const& a, std::int64_t o, std::int64_t i) {
    return (i - first_element(a, o)) / a.dilation;
  }
};

}  // namespace typegrad::on_cpu::detail
TYPEGRAD_QUIET_END

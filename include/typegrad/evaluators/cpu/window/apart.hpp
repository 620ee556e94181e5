// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/beside.hpp>

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu::detail {

/// From windows that do not overlap back to the elements: each element of the result is written
/// once, with the window that it falls to. Rule: what a window's value makes of its elements.
///   template <class Walk, bool Whole, class N, class F>
///   void operator()(element, N n, inside, vector value, f) const
///                      f(position relative to tap 0's, vector) for each tap; `element`: of tap 0
template <pooling_shape Shape, class T, class Arch, class Rule>
struct windows_apart : window_walk<Shape, T, Arch> {
  using walk = window_walk<Shape, T, Arch>;
  using typename walk::vector;
  using walk::channels;
  using walk::columns;
  using walk::depth;
  using walk::rows;
  using walk::width;

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, Rule const& rule, T const* y,
                  Epilogue const& epilogue) {
    walk::each_row(members, batch, depth.out, rows.out, columns.out,
                   [&](std::int64_t sample, std::int64_t o0, std::int64_t o1, std::int64_t from,
                       std::int64_t to) {
                     std::int64_t const sample_at = sample * walk::positions_in;
                     std::int64_t const at =
                         sample_at + walk::position(first_element(depth, o0),
                                                    first_element(rows, o1), -columns.low);
                     T const* const from_y =
                         y + ((sample * depth.out + o0) * rows.out + o1) * columns.out * channels;
                     walk::each_stretch(
                         o0, o1, from, to,
                         [&](std::int64_t begin, std::int64_t end) {
                           whole(rule, from_y, epilogue, at, begin, end);
                         },
                         [&](std::int64_t begin, std::int64_t end, taps_of_window const& inside) {
                           border(rule, from_y, epilogue, at, begin, end, inside);
                         });
                     if constexpr (has_gaps) gaps(epilogue, sample_at, o0, o1, from, to);
                   });
  }

 private:
  /// Along an axis all elements are read by some window.
  static constexpr bool covers(window_axis const& a) {
    return dense(a) && (a.out - 1) * a.stride + a.reach() - a.low >= a.in;
  }
  /// The same but for elements behind the last window.
  static constexpr bool dense(window_axis const& a) {
    return (a.dilation == 1 || a.size == 1) && (a.out == 1 || a.stride == a.reach());
  }
  static constexpr bool has_gaps = !(covers(depth) && covers(rows) && covers(columns));

  template <class Epilogue>
  [[gnu::noinline]] static void whole(Rule const& stated, T const* y, Epilogue const& given,
                                      std::int64_t at, std::int64_t from, std::int64_t to) {
    auto const rule = stated;  // copies, since stores could alias the originals
    auto const epilogue = given;
    std::int64_t o = from;
    using beside = beside_of<walk>;
    if constexpr (beside::windows > 1 && takes_runs<Epilogue, channels> &&
                  columns.stride == columns.size && columns.dilation == 1) {
      for (; o + beside::windows <= to; o += beside::windows)
        several_windows(rule, y + o * channels, epilogue, at + o * columns.stride);
    }
    for (; o < to; ++o)
      one_window<true>(rule, y + o * channels, epilogue, at + o * columns.stride, {});
  }

  /// Windows that share a vector: their elements are whole rows of the result.
  template <class Epilogue>
  TYPEGRAD_FORCE static void several_windows(Rule const& rule, T const* y,
                                             Epilogue const& epilogue, std::int64_t at) {
    using beside = beside_of<walk>;
    vector elements[depth.size * rows.size][beside::vectors(width)];
    for (auto& row : elements)
      for (vector& v : row) v = vector(T(0));
    rule.template operator()<walk, true>(
        at * channels, beside{}, {},
        vector(on_cpu::load_partial<Arch>(y, lanes<beside::lanes_in_use>{})),
        [&](std::int64_t place, vector const& v) __attribute__((always_inline)) {
          std::int64_t const line = place / columns.in;
          std::int64_t const tap = line / rows.in / depth.dilation * rows.size +
                                   line % rows.in / rows.dilation;
          put_tap(beside{}, place % columns.in, v, elements[tap]);
        });
    for (std::int64_t t = 0; t < depth.size * rows.size; ++t)
      hand_on_rows<channels, beside::row>(
          epilogue, at + walk::tap_position(t / rows.size, t % rows.size, 0), elements[t]);
  }

  template <class Epilogue>
  [[gnu::noinline]] static void border(Rule const& rule, T const* y, Epilogue const& epilogue,
                                       std::int64_t at, std::int64_t from, std::int64_t to,
                                       taps_of_window inside) {
    for (std::int64_t o = from; o < to; ++o) {
      inside.axes[2] = taps_inside(columns, o);
      one_window<false>(rule, y + o * channels, epilogue, at + o * columns.stride, inside);
    }
  }

  template <bool Whole, class Epilogue>
  TYPEGRAD_FORCE static void one_window(Rule const& rule, T const* y, Epilogue const& epilogue,
                                        std::int64_t at, taps_of_window const& inside) {
    walk::each_vector([&](std::int64_t c, auto n) __attribute__((always_inline)) {
      rule.template operator()<walk, Whole>(
          at * channels + c, n, inside, vector(load_partial<Arch>(y + c, n)),
          [&](std::int64_t place, vector const& v)
              __attribute__((always_inline)) { hand_on(epilogue, at + place, c, v, n); });
    });
  }

  /// Zeros where elements of these windows' are read by none of them.
  template <class Epilogue>
  [[gnu::noinline]] static void gaps(Epilogue const& epilogue, std::int64_t sample_at,
                                     std::int64_t o0, std::int64_t o1, std::int64_t from,
                                     std::int64_t to) {
    index_range const all0 = elements_of(depth, o0), all1 = elements_of(rows, o1);
    for (std::int64_t i0 = all0.begin; i0 < all0.end; ++i0)
      for (std::int64_t i1 = all1.begin; i1 < all1.end; ++i1) {
        bool const read = reads(depth, o0, i0) && reads(rows, o1, i1);
        if (covers(columns) && read) continue;
        bool const only_last = dense(columns) && read;
        for (std::int64_t o = only_last && from < columns.out - 1 ? columns.out - 1 : from; o < to;
             ++o) {
          index_range const all = elements_of(columns, o);
          for (std::int64_t i2 = all.begin; i2 < all.end; ++i2) {
            if (read && reads(columns, o, i2)) continue;
            walk::each_vector([&](std::int64_t c, auto n) __attribute__((always_inline)) {
              hand_on(epilogue, sample_at + walk::position(i0, i1, i2), c, vector(T(0)), n);
            });
          }
        }
      }
  }
};

}  // namespace typegrad::on_cpu::detail
TYPEGRAD_QUIET_END

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/window/beside.hpp>

// What makes one value of each window: its maximum, its sum, the value at the maximum.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu::detail {

/// Rule: how the taps of a window become one vector.
///   template <class Walk, bool Whole, int Vectors, class N>
///   void operator()(vector (&out)[Vectors], element, N n, inside) const
///                      `element`: of tap 0; further vectors lie side by side, all of n lanes
///   vector nothing()   the result of a window that lies in padding alone
template <pooling_shape Shape, class T, class Arch, class Rule>
struct window_fold : window_walk<Shape, T, Arch> {
  using walk = window_walk<Shape, T, Arch>;
  using typename walk::vector;
  using walk::channels;
  using walk::columns;
  using walk::depth;
  using walk::rows;
  using walk::width;

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, Rule const& rule,
                  Epilogue const& epilogue) {
    walk::each_row(members, batch, depth.out, rows.out, columns.out,
                   [&](std::int64_t sample, std::int64_t o0, std::int64_t o1, std::int64_t from,
                       std::int64_t to) {
                     std::int64_t const row =
                         ((sample * depth.out + o0) * rows.out + o1) * columns.out;
                     std::int64_t const at = sample * walk::positions_in +
                                             walk::position(first_element(depth, o0),
                                                            first_element(rows, o1), -columns.low);
                     walk::each_stretch(
                         o0, o1, from, to,
                         [&](std::int64_t begin, std::int64_t end) {
                           whole(rule, epilogue, at, row, begin, end);
                         },
                         [&](std::int64_t begin, std::int64_t end, taps_of_window const& inside) {
                           border(rule, epilogue, at, row, begin, end, inside);
                         });
                   });
  }

 private:
  /// Vectors side by side where windows are long, to hide the latency of their sums.
  static constexpr int side = walk::unrolled ? 1 : 4;

  template <class Epilogue>
  [[gnu::noinline]] static void whole(Rule const& stated, Epilogue const& given, std::int64_t at,
                                      std::int64_t row, std::int64_t from, std::int64_t to) {
    auto const rule = stated;  // copies, since stores could alias the originals
    auto const epilogue = given;
    std::int64_t o = from;
    using beside = beside_of<walk>;
    if constexpr (beside::windows > 1 && takes_runs<Epilogue, channels>) {
      for (; o + beside::windows <= to; o += beside::windows) {
        vector out[1];
        rule.template operator()<walk, true>(out, (at + o * columns.stride) * channels, beside{},
                                             {});
        hand_on_rows<channels, beside::lanes_in_use>(epilogue, row + o, out);
      }
    }
    for (; o < to; ++o)
      one_window<true>(rule, epilogue, at + o * columns.stride, row + o, {});
  }

  template <class Epilogue>
  [[gnu::noinline]] static void border(Rule const& rule, Epilogue const& epilogue, std::int64_t at,
                                       std::int64_t row, std::int64_t from, std::int64_t to,
                                       taps_of_window inside) {
    for (std::int64_t o = from; o < to; ++o) {
      inside.axes[2] = taps_inside(columns, o);
      one_window<false>(rule, epilogue, at + o * columns.stride, row + o, inside);
    }
  }

  template <bool Whole, class Epilogue>
  TYPEGRAD_FORCE static void one_window(Rule const& rule, Epilogue const& epilogue, std::int64_t at,
                                        std::int64_t row, taps_of_window const& inside) {
    constexpr std::int64_t wide = channels / (side * width) * (side * width);
    for (std::int64_t c = 0; side > 1 && c < wide; c += side * width)
      some_vectors<Whole, side>(rule, epilogue, at, row, c, lanes<width>{}, inside);
    walk::template each_vector<side == 1 ? channels : channels - wide>(
        [&](std::int64_t c, auto n) __attribute__((always_inline)) {
          some_vectors<Whole, 1>(rule, epilogue, at, row, (side == 1 ? 0 : wide) + c, n, inside);
        });
  }

  template <bool Whole, int Vectors, class N, class Epilogue>
  TYPEGRAD_FORCE static void some_vectors(Rule const& rule, Epilogue const& epilogue,
                                          std::int64_t at, std::int64_t row, std::int64_t c, N n,
                                          taps_of_window const& inside) {
    vector out[Vectors];
    if (!Whole && inside.empty())
      for (vector& v : out) v = Rule::nothing();
    else
      rule.template operator()<walk, Whole>(out, at * channels + c, n, inside);
    for (int v = 0; v < Vectors; ++v) hand_on(epilogue, row, c + v * width, out[v], n);
  }
};

}  // namespace typegrad::on_cpu::detail
TYPEGRAD_QUIET_END

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/sliding.hpp>

#include <limits>

// Windows over each channel by itself: pooling, its gradients and the gradients' gradients. A
// thread has a few neighbouring channels of one window, or of a tile of positions that windows
// write to.

TYPEGRAD_ON_THRUST_BEGIN

/// How the positions of x are cut into tiles along an axis, so that a tile's positions are read by
/// the same windows. Tile t begins at position (t + skipped) * extent - low.
struct window_tiling {
  int extent = 1;  ///< positions: as many as windows are apart, or 1
  int tiles = 1;
  int skipped = 0;       ///< tiles that would lie in padding
  int windows = 1;       ///< that can read a tile
  bool cut = false;      ///< whether tiles have positions that x does not have
  bool missing = false;  ///< whether tiles could be read by windows that there are not

  constexpr window_tiling() = default;
  constexpr window_tiling(window_axis const& a, int most)
      : extent{a.stride <= most ? static_cast<int>(a.stride) : 1},
        tiles{static_cast<int>((a.in + a.low - 1) / extent + 1 - a.low / extent)},
        skipped{static_cast<int>(a.low / extent)},
        windows{static_cast<int>((a.reach() - 1) / a.stride + 1)} {
    std::int64_t const begin = skipped * extent, end = begin + tiles * extent;
    cut = begin < a.low || end > a.in + a.low;
    missing = windows > 1 || (end - 1) / a.stride >= a.out;
  }
};

template <class Source>
struct window_kernel : step_epilogue<Source> {
  using base = step_epilogue<Source>;
  using body = step_body<Source>;
  using typename base::arguments;
  using typename base::real;
  using walk = window_walk<Source>;
  using place = typename walk::place;
  using axis = typename walk::axis;
  using offset = typename walk::offset;
  static constexpr auto const& p = Source::info.product;
  using element = memory_of<body::at(base::product).type>;
  static constexpr op code = p.code;
  static constexpr bool to_x = code == op::window_spread || code == op::window_scatter;
  static constexpr bool two_operands = code == op::window_scatter || code == op::window_gather;
  static constexpr int left_slot = p.slot_a, right_slot = p.slot_b;
  static constexpr int width = base::width;
  static constexpr int channels = static_cast<int>(p.channels);
  static constexpr int vectors = channels / width;
  static constexpr int taps = static_cast<int>(walk::taps);
  static constexpr bool padded = p.over.padded();
  static constexpr std::int64_t positions_in = walk::positions_in;
  static constexpr std::int64_t positions_out = walk::positions_out;
  static_assert(channels % width == 0);

  struct tilings {
    window_tiling at[max_spatial];
  };
  static constexpr tilings all_tilings() {
    tilings all;
    int most = 16;  // positions of a tile
    for (int i = max_spatial - 1; i >= 0; --i) {
      all.at[i] = window_tiling(p.over.axes[i], most);
      most /= all.at[i].extent;
    }
    return all;
  }
  static constexpr place extents_of(int window_tiling::* count) {
    place n;
    for (int i = 0; i < max_spatial; ++i) n.at[i] = all_tilings().at[i].*count;
    return n;
  }

  /// What is straight-line code: the taps of a window, the windows of a tile.
  static constexpr int taps_at_once = taps <= 16 ? taps : 1;
  static constexpr int windows_of_tile = walk::count_of(extents_of(&window_tiling::windows));
  static constexpr int windows_at_once =
      windows_of_tile * (code == op::window_scatter ? taps : 1) <= 64 ? windows_of_tile : 1;

  /// What a sample's units are: for each of these places one for every vector of channels.
  static constexpr place places() {
    return to_x ? extents_of(&window_tiling::tiles) : walk::extents_of(&axis::out);
  }
  static constexpr offset units_of_sample = offset{walk::count_of(places())} * vectors;

  static std::int64_t units(std::int64_t batch_size) {
    return units_of_sample * (p.rows.batch ? batch_size : 1);
  }

  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    constexpr place all = places();
    constexpr auto each = static_cast<std::uint64_t>(units_of_sample);
    auto const sample = static_cast<std::int64_t>(static_cast<std::uint64_t>(u) / each);
    auto const rest = static_cast<std::make_unsigned_t<offset>>(u - sample * units_of_sample);
    constexpr unsigned n = vectors;
    worker const w(a, sample, static_cast<int>(rest % n) * width);
    place const at = walk::located(rest / n, all);
    if constexpr (to_x)
      w.write_tile(at);
    else
      w.write_window(at);
  }

 private:
  struct vector {
    real at[width];
  };
  /// In each channel of a window the first greatest element, NaN being the greatest: its position,
  /// -1 if all taps read padding.
  struct greatest {
    int at[width];
    real value[width];
  };

  struct worker {
    arguments const& a;
    std::int64_t sample;
    int channel;           ///< the first one
    element const* left;   ///< at position 0
    element const* right;  ///< null if there is no such operand

    TYPEGRAD_DEVICE worker(arguments const& arguments_, std::int64_t sample_, int channel_)
        : a{arguments_},
          sample{sample_},
          channel{channel_},
          left{first_of(left_slot, code == op::window_spread ? positions_out : positions_in)},
          right{two_operands ? first_of(right_slot,
                                        code == op::window_scatter ? positions_out : positions_in)
                             : nullptr} {}

    TYPEGRAD_DEVICE void write_window(place const& o) const {
      vector result;
      if constexpr (code == op::window_sum) {
        result = sum_of(o);
      } else {
        greatest const best = greatest_of(o);
        TYPEGRAD_UNROLLED
        for (int w = 0; w < width; ++w)
          if constexpr (code == op::window_max)
            result.at[w] = best.value[w];
          else
            result.at[w] = best.at[w] < 0
                               ? real(0)
                               : static_cast<real>(right[offset{best.at[w]} * channels + w]);
      }
      finish(walk::output_position(o), result);
    }

    TYPEGRAD_DEVICE void write_tile(place const& t) const {
      constexpr auto axes = walk::all_axes();
      constexpr tilings tiled = all_tilings();
      constexpr place windows = extents_of(&window_tiling::windows);
      constexpr place extents = extents_of(&window_tiling::extent);
      constexpr int positions = walk::count_of(extents);

      place first;  // position of the tile
      place last;   // window that can read it
      place begin;  // of the tile in that window
      TYPEGRAD_UNROLLED
      for (int i = 0; i < max_spatial; ++i) {
        int const tile = t.at[i] + tiled.at[i].skipped;
        bool const apart = tiled.at[i].extent == axes.at[i].stride;
        first.at[i] = tile * tiled.at[i].extent - axes.at[i].low;
        last.at[i] = apart ? tile : tile / axes.at[i].stride;
        begin.at[i] = apart ? 0 : tile % axes.at[i].stride;
      }
      vector sums[positions] = {};
      TYPEGRAD_UNROLLED_BY(windows_at_once)
      for (int k = windows_of_tile - 1; k >= 0; --k) {  // windows in their order
        place const back = walk::located(k, windows);
        place o, from;
        bool exists = true;
        TYPEGRAD_UNROLLED
        for (int i = 0; i < max_spatial; ++i) {
          o.at[i] = last.at[i] - back.at[i];
          from.at[i] = begin.at[i] + back.at[i] * axes.at[i].stride;
          exists = exists && (!tiled.at[i].missing || walk::is_within(o.at[i], axes.at[i].out));
        }
        add_window(sums, exists, o, from, first);
      }
      TYPEGRAD_UNROLLED
      for (int q = 0; q < positions; ++q) {
        place x = walk::located(q, extents);
        bool exists = true;
        TYPEGRAD_UNROLLED
        for (int i = 0; i < max_spatial; ++i) {
          x.at[i] += first.at[i];
          exists = exists && (!tiled.at[i].cut || walk::is_within(x.at[i], axes.at[i].in));
        }
        if (exists) finish(walk::input_position(x), sums[q]);
      }
    }

   private:
    TYPEGRAD_DEVICE element const* first_of(int slot, std::int64_t positions) const {
      return static_cast<element const*>(a.slots[slot]) + sample * (positions * channels) + channel;
    }
    /// What an operand has at a position; anything if that does not exist, so that no read waits
    /// for a branch.
    TYPEGRAD_DEVICE static vector read(element const* operand, int position, bool exists) {
      auto const all = *reinterpret_cast<pack<element, width> const*>(
          operand + offset{exists ? position : 0} * channels);
      vector x;
      TYPEGRAD_UNROLLED
      for (int w = 0; w < width; ++w) x.at[w] = static_cast<real>(all.at[w]);
      return x;
    }
    TYPEGRAD_DEVICE void finish(int position, vector const& x) const {
      constexpr std::int64_t positions = to_x ? positions_in : positions_out;
      base::template apply<width>(a, 0, sample * positions + position, channel, x.at);
    }

    TYPEGRAD_DEVICE vector sum_of(place const& o) const {
      vector sum = {};
      TYPEGRAD_UNROLLED_BY(taps_at_once)
      for (int t = 0; t < taps; ++t) {
        auto const from = walk::reads(o, walk::tap_at(t));
        vector const x = read(left, from.position, !from.padding);
        TYPEGRAD_UNROLLED
        for (int w = 0; w < width; ++w)
          if (!from.padding) sum.at[w] += x.at[w];
      }
      return sum;
    }
    TYPEGRAD_DEVICE greatest greatest_of(place const& o) const {
      greatest best;
      TYPEGRAD_UNROLLED
      for (int w = 0; w < width; ++w) {
        best.at[w] = -1;
        best.value[w] = -std::numeric_limits<real>::infinity();
      }
      int first = -1;
      TYPEGRAD_UNROLLED_BY(taps_at_once)
      for (int t = 0; t < taps; ++t) {
        auto const from = walk::reads(o, walk::tap_at(t));
        vector const x = read(left, from.position, !from.padding);
        TYPEGRAD_UNROLLED
        for (int w = 0; w < width; ++w) {
          bool const is_number = best.value[w] == best.value[w];
          bool const better = !from.padding && is_number && !(x.at[w] <= best.value[w]);
          if (better || (!padded && t == 0)) {
            best.at[w] = from.position;
            best.value[w] = x.at[w];
          }
        }
        if (first < 0 && !from.padding) first = from.position;
      }
      TYPEGRAD_UNROLLED
      for (int w = 0; padded && w < width; ++w)
        if (best.at[w] < 0) best.at[w] = first;  // all are -infinity
      return best;
    }

    /// Adds what window o gives to each position of a tile, which begins at position `first`, as
    /// many positions behind the window's first tap as `from` says.
    template <int Positions>
    TYPEGRAD_DEVICE void add_window(vector (&sums)[Positions], bool exists, place const& o,
                                    place const& from, place const& first) const {
      constexpr auto axes = walk::all_axes();
      constexpr place extents = extents_of(&window_tiling::extent);
      vector const y =
          read(code == op::window_scatter ? right : left, walk::output_position(o), exists);
      greatest best;
      if constexpr (code == op::window_scatter) {
        if (!exists) return;
        best = greatest_of(o);
      }
      TYPEGRAD_UNROLLED
      for (int q = 0; q < Positions; ++q) {
        place x = walk::located(q, extents);
        bool reads = exists;
        TYPEGRAD_UNROLLED
        for (int i = 0; i < max_spatial; ++i) {
          int const along = from.at[i] + x.at[i];
          reads = reads && along % axes.at[i].dilation == 0 &&
                  along / axes.at[i].dilation < axes.at[i].size;
          x.at[i] += first.at[i];
        }
        if (!reads) continue;
        int const e = walk::input_position(x);
        TYPEGRAD_UNROLLED
        for (int w = 0; w < width; ++w)
          if (code != op::window_scatter || best.at[w] == e) sums[q].at[w] += y.at[w];
      }
    }
  };
};

TYPEGRAD_ON_THRUST_END

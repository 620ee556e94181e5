// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/evaluators/cpu/convolution/cost.hpp>
#include <typegrad/evaluators/cpu/convolution/split.hpp>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>

// The sliding product that a convolution and its input gradient have in common:
//
//   C[row(o), column] = sum over taps t, channels c of A[o . step + t . step + c] * B[t, c, column]
//
// where A is one sample in which everything that is read exists (a padded copy, if need be) and B
// is packed in panels of vectors. All strides are constants, so the elements of A that a tile
// reads in a step lie at constant distances from one pointer.
namespace typegrad::on_cpu::detail {

// Outputs or taps along one axis, innermost last: `count` of them, `step` elements of A apart.
struct walk {
  std::int64_t count = 1;
  std::int64_t step = 0;

  constexpr bool operator==(walk const&) const = default;
};

struct correlation {
  walk outs[3];
  std::int64_t row_steps[3] = {};  // rows of C from one output to the next
  walk taps[3];
  std::int64_t channels = 1;  // of a tap: they lie beside one another
  std::int64_t columns = 1;
  split_row row;      // if in parts: then outs[2] is one of them, an element of A one of each part
  border borders[2];  // of the two outer axes: what is padding there need not be multiplied

  constexpr std::int64_t taps_count() const {
    return taps[0].count * taps[1].count * taps[2].count;
  }
  constexpr std::int64_t depth() const { return taps_count() * channels; }

  // Some outputs have taps along this axis that read padding only.
  constexpr bool trims(int axis) const {
    border const& b = borders[axis];
    walk const& o = outs[axis];
    if (b == border{} || taps[axis].count == 0) return false;
    return b.first < 0 || b.first + (o.count - 1) * b.out + (taps[axis].count - 1) * b.tap >= b.in;
  }

  // The same with as few axes as possible: taps that lie beside one another become channels, axes
  // of outputs that continue each other become one. The innermost axes are kept.
  constexpr correlation merged() const {
    correlation c = *this;
    for (int i = 2; i >= 0 && depth() > 0; --i) {
      if (c.taps[i].count == 1) continue;
      if (c.taps[i].step != c.channels) break;
      c.channels *= c.taps[i].count;
      c.taps[i] = {};
    }
    for (int i = 1; i >= 0 && row.parts == 1; --i) {
      bool const follows = c.outs[i].step == c.outs[2].count * c.outs[2].step &&
                           c.row_steps[i] == c.outs[2].count * c.row_steps[2];
      if (c.outs[i].count > 1 && c.outs[2].count == 1) {
        c.outs[2] = c.outs[i];
        c.row_steps[2] = c.row_steps[i];
      } else if (c.outs[i].count == 1 || (follows && !trims(i))) {
        c.outs[2].count *= c.outs[i].count;
      } else {
        break;
      }
      c.outs[i] = {};
      c.row_steps[i] = 0;
    }
    for (int i = 0; i < 2; ++i) {
      if (!(c.outs[i] == outs[i]) || !(c.taps[i] == taps[i])) c.borders[i] = {};
    }
    // 1 x n x m is the same as n x 1 x m, but tiles are of the two innermost axes.
    if (c.outs[1].count == 1 && c.outs[0].count > 1) {
      c.outs[1] = c.outs[0];
      c.row_steps[1] = c.row_steps[0];
      c.outs[0] = {};
      c.row_steps[0] = 0;
      c.borders[0] = c.borders[1] = {};
    }
    return c;
  }
};

// The rows of a tile: `High` x `Wide` outputs with steps that are constants; those that an earlier
// tile has done are left out.
template <int Wide, std::int64_t HighStep, std::int64_t WideStep>
struct pattern_rows {
  std::int64_t row;
  int skip_high, skip_wide;

  [[gnu::always_inline]] constexpr std::int64_t at(int r) const {
    return row + r / Wide * HighStep + r % Wide * WideStep;
  }
  [[gnu::always_inline]] constexpr bool skips(int r) const {
    return r / Wide < skip_high || r % Wide < skip_wide;
  }
};

template <class T, class Arch, int Split, int Wide, std::int64_t HighStep, std::int64_t WideStep>
struct pattern_cursor {
  T const* data;

  [[gnu::always_inline]] xsimd::batch<T, Arch> at(int r) const {
    return load_parts<Split, Arch>(data + (r / Wide * HighStep + r % Wide * WideStep) * Split);
  }
  [[gnu::always_inline]] void next() {
    data += Split;
    // A step reads much of what the one before read, for other rows. The compiler must not keep
    // those elements: a broadcast from memory is free.
    __asm__("" : "+r"(data));
  }
};

// What of a correlation the code of a strip of tiles depends on.
struct strip_pattern {
  tile_choice tile;
  std::int64_t wide;                    // outputs of a row
  std::int64_t a_steps[2], c_steps[2];  // of an output down and to the right, in A and in rows of C
  int steps;                            // of a segment, if few: then they are unrolled; else 0
  bool one_segment;
  bool inline_epilogue;
  split_row row;

  constexpr bool operator==(strip_pattern const&) const = default;
};

// What it depends on at run time.
struct strip_taps {
  walk taps[3];
  std::int64_t steps;  // of a segment
  std::int64_t plane;  // steps of B from one tap of the outermost axis to the next
};

template <class T>
struct strip_place {
  T const* a;  // the first tap of the strip's first output
  T const* b;  // the packed panel
  std::int64_t row, column;
  int skip_high;
  int begin, end;  // the tiles of the strip to do
};

// Gives a tile of sums of parts to the epilogue, part by part; outputs from `first` on, of which
// those before `done` are left out.
template <strip_pattern P, class T, class Arch, int Rows, class Tail, class Epilogue>
[[gnu::always_inline]] inline void finish_parts(tile<T, Arch, Rows, 1> const& c,
                                                strip_place<T> const& place, int first, int done,
                                                Tail tail, Epilogue const& stated) {
  auto const epilogue = stated;
  constexpr int width = detail::width<T, Arch>, split = static_cast<int>(P.row.parts);
  auto const finish = [&](int h, int w, xsimd::batch<T, Arch> sum) __attribute__((always_inline)) {
    TYPEGRAD_UNROLL
    for (int j = 0; j < split; ++j) {
      if (first + w < P.row.skip(j)) continue;
      epilogue(place.row + h * P.c_steps[0] + (first + w + P.row.begin(j)) * P.c_steps[1],
               place.column, pick_lanes(sum, lanes_of_split<split, width>.of_part[j]), tail);
    }
  };
  int const skip_high = P.tile.high > 1 ? place.skip_high : 0;
  if constexpr (P.inline_epilogue && !is_heavy<Epilogue> && Rows * split <= 64) {
    TYPEGRAD_UNROLL
    for (int h = 0; h < P.tile.high; ++h) {
      if (h < skip_high) continue;
      TYPEGRAD_UNROLL
      for (int w = 0; w < P.tile.wide; ++w) {
        if (P.wide % P.tile.wide == 0 || w >= done - first) {
          finish(h, w, c.sum[h * P.tile.wide + w][0]);
        }
      }
    }
  } else {
    alignas(64) T buffer[tile<T, Arch, Rows, 1>::elements];
    c.store(buffer);
    for (int h = skip_high; h < P.tile.high; ++h) {
      for (int w = done - first; w < P.tile.wide; ++w) {
        finish(h, w, xsimd::batch<T, Arch>::load_unaligned(buffer + (h * P.tile.wide + w) * width));
      }
    }
  }
}

// Tiles that lie beside one another: the function in which all arithmetic is done.
template <strip_pattern P, int Vectors, class T, class Arch, class Tail, class Epilogue>
[[gnu::noinline]] void compute_strip(strip_taps const& over, strip_place<T> const& place, Tail tail,
                                     Epilogue const& epilogue) {
  constexpr int wide = P.tile.wide, rows = P.tile.rows(), split = static_cast<int>(P.row.parts);
  using cursor = pattern_cursor<T, Arch, split, wide, P.a_steps[0], P.a_steps[1]>;
  using place_of = pattern_rows<wide, P.c_steps[0], P.c_steps[1]>;
  for (int t = place.begin; t < place.end; ++t) {
    std::int64_t const done = std::int64_t{t} * wide;
    std::int64_t const first = done + wide <= P.wide ? done : P.wide - wide;
    T const* const a = place.a + first * P.a_steps[1] * split;
    packed_cursor<T, Arch, Vectors> b{place.b}, plane{place.b};
    tile<T, Arch, rows, Vectors> c;
    c.clear();
    auto const segment = [&](T const* from) __attribute__((always_inline)) {
      if constexpr (P.steps != 0) {
        c.contract(lanes<P.steps>{}, cursor{from}, b);
        b.skip(P.steps);
      } else {
        c.contract(over.steps, cursor{from}, b);
        b.skip(over.steps);
      }
    };
    if constexpr (P.one_segment) {
      segment(a);
    } else {
      T const* a0 = a;
      TYPEGRAD_NO_UNROLL
      for (auto i = over.taps[0].count; i > 0; --i, a0 += over.taps[0].step * split) {
        T const* a1 = a0;
        b = plane;
        plane.skip(over.plane);
        TYPEGRAD_NO_UNROLL
        for (auto j = over.taps[1].count; j > 0; --j, a1 += over.taps[1].step * split) {
          T const* a2 = a1;
          TYPEGRAD_NO_UNROLL
          for (auto k = over.taps[2].count; k > 0; --k, a2 += over.taps[2].step * split)
            segment(a2);
        }
      }
    }
    constexpr bool overlaps = P.wide % wide != 0;
    if constexpr (split == 1) {
      place_of const to{place.row + first * P.c_steps[1], P.tile.high > 1 ? place.skip_high : 0,
                        overlaps ? static_cast<int>(done - first) : 0};
      c.template finish_rows<P.inline_epilogue>(to, place.column, tail, epilogue);
    } else {
      finish_parts<P>(c, place, static_cast<int>(first), static_cast<int>(done), tail, epilogue);
    }
  }
}

// One correlation, as tiles: strip s (rows of tiles, `strips` of them) has `tiles` tiles.
template <correlation Stated, class T, class Arch>
struct correlator {
  static constexpr correlation over = Stated.merged();
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t split = over.row.parts;
  static constexpr std::int64_t vectors = divide_up(over.columns, width);
  static constexpr std::int64_t segments = over.taps_count();
  static constexpr tile_choice choice = tile_problem{over.outs[1].count,
                                                     over.outs[2].count,
                                                     vectors,
                                                     segments,
                                                     over.channels,
                                                     over.depth() * 64,
                                                     vector_registers<Arch>,
                                                     over.taps[1].count,
                                                     over.borders[1]}
                                            .best();

  static constexpr std::int64_t strips_of_plane = divide_up(over.outs[1].count, choice.high);
  static constexpr std::int64_t strips = over.outs[0].count * strips_of_plane;
  static constexpr std::int64_t tiles = divide_up(over.outs[2].count, choice.wide);
  static constexpr std::int64_t panels = divide_up(vectors, choice.vectors);
  static constexpr int last_vectors = static_cast<int>(vectors - (panels - 1) * choice.vectors);
  static constexpr std::int64_t depth = over.depth();
  // Elements of a packed panel, and of all of them.
  static constexpr std::int64_t panel_size = depth * choice.vectors * width;
  static constexpr std::int64_t packed_size = depth * vectors * width;

  static constexpr strip_pattern pattern{
      choice,
      over.outs[2].count,
      {choice.high > 1 ? over.outs[1].step : 0, over.outs[2].step},
      {choice.high > 1 ? over.row_steps[1] : 0, over.row_steps[2]},
      over.channels <= 8 ? static_cast<int>(over.channels) : 0,
      segments == 1,
      choice.rows() * choice.vectors <= 12 || depth <= 160,
      over.row};
  static constexpr std::int64_t row_steps = over.taps[2].count * over.channels;
  static constexpr strip_taps all_taps{
      {over.taps[0], over.taps[1], over.taps[2]}, over.channels, over.taps[1].count* row_steps};
  static constexpr bool trims = segments > 1 && (over.trims(0) || over.trims(1));

  static constexpr int vectors_of(std::int64_t panel) {
    return panel + 1 == panels ? last_vectors : choice.vectors;
  }

  // The first output of a strip, as a place in its plane, and how many of its rows of outputs are
  // those of the strip before it.
  static constexpr std::int64_t high_of(std::int64_t strip) {
    std::int64_t const done = strip % strips_of_plane * choice.high;
    return done + choice.high <= over.outs[1].count ? done : over.outs[1].count - choice.high;
  }
  static constexpr int skip_of(std::int64_t strip) {
    return static_cast<int>(strip % strips_of_plane * choice.high - high_of(strip));
  }

  // Tiles [begin, end) of a strip. `a` is the first output's first tap, `row` that output's row,
  // `b` the packed panel, `column` the first panel's first column.
  template <class Epilogue>
  static void run(T const* a, T const* b, std::int64_t row, std::int64_t column, std::int64_t strip,
                  std::int64_t panel, span_of_work part, Epilogue const& epilogue) {
    std::int64_t const plane = strip / strips_of_plane, high = high_of(strip);
    strip_place<T> place{a + (plane * over.outs[0].step + high * over.outs[1].step) * split,
                         b,
                         row + plane * over.row_steps[0] + high * over.row_steps[1],
                         column + panel * choice.vectors * width,
                         skip_of(strip),
                         static_cast<int>(part.begin),
                         static_cast<int>(part.end)};
    if constexpr (trims) {
      strip_taps taps = all_taps;
      std::int64_t steps = 0;
      for (int i = 0; i < 2; ++i) {
        if (!over.trims(i)) continue;
        auto const live = over.borders[i].live(i == 0 ? plane : high, i == 0 ? 1 : choice.high,
                                               over.taps[i].count);
        taps.taps[i].count = live.end - live.begin;
        place.a += live.begin * over.taps[i].step * split;
        steps += live.begin * (i == 0 ? all_taps.plane : row_steps);
      }
      place.b += steps * vectors_of(panel) * width;
      compute(taps, place, panel, epilogue);
    } else {
      compute(all_taps, place, panel, epilogue);
    }
  }

 private:
  template <class Epilogue>
  [[gnu::always_inline]] static void compute(strip_taps const& taps, strip_place<T> const& place,
                                             std::int64_t panel, Epilogue const& epilogue) {
    constexpr int tail = static_cast<int>(over.columns - (vectors - 1) * width);
    if (panel + 1 < panels) {
      if constexpr (panels > 1) {
        compute_strip<pattern, choice.vectors, T, Arch>(taps, place, lanes<width>{}, epilogue);
      }
    } else {
      compute_strip<pattern, last_vectors, T, Arch>(taps, place, lanes<tail>{}, epilogue);
    }
  }
};

}  // namespace typegrad::on_cpu::detail

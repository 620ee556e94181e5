// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>

// How a kernel's gradient is cut into register tiles and blocks of the contraction. Rows of the
// product are (tap, channel of the group), columns the group's filters, steps (sample, window).
namespace typegrad::on_cpu::detail {

// The rows of a tile follow one another, and stand at the same distances in x for every tile: a
// number of whole units (a channel, a tap, a row of taps ...) within a run of `extent` of them that
// lie at equal distances. The last tile of a run overlaps the one before.
struct gradient_rows {
  std::int64_t unit = 1;    // rows of a unit
  std::int64_t step = 1;    // units of a tile
  std::int64_t extent = 1;  // units of a run
  std::int64_t runs = 1;
  std::int64_t cost = 0;

  constexpr int height() const { return static_cast<int>(unit * step); }
  constexpr std::int64_t count() const { return runs * divide_up(extent, step); }
  // Tiles of all runs with the same place in them are neighbours: they read the same lines of x.
  constexpr row_tile tile(std::int64_t index) const {
    std::int64_t const run = index % runs, begin = index / runs * step;
    std::int64_t const start = std::min(begin, extent - step);
    return {(run * extent + start) * unit, height(), static_cast<int>((begin - start) * unit)};
  }
};

// Twice the cycles of a step of a tile: two multiply-adds or two loads in a cycle, eight sums to
// hide the latency of an addition, and half a cycle for the loop.
constexpr std::int64_t step_cost(std::int64_t rows, std::int64_t vectors) {
  return std::max<std::int64_t>({rows * vectors, rows + vectors, 8}) + 1;
}

// The rows of a tile that has so many vectors: all runs at least cost. `levels` are the extents of
// channels, taps ... from the inside, of which the tile may reach into the first `count`.
constexpr gradient_rows choose_rows(std::int64_t const (&levels)[4], int count, int vectors,
                                    int registers) {
  std::int64_t const limit = (registers - vectors - 1) / vectors;
  std::int64_t rows = 1;
  for (std::int64_t extent : levels) rows *= extent;
  gradient_rows best;
  std::int64_t unit = 1;
  for (int i = 0; i < count && unit <= limit; ++i) {
    for (std::int64_t step = 1; step <= levels[i] && unit * step <= limit; ++step) {
      gradient_rows cut{unit, step, levels[i], rows / (unit * levels[i]), 0};
      cut.cost = cut.count() * step_cost(cut.height(), vectors);
      if (best.cost == 0 || cut.cost <= best.cost) best = cut;
    }
    unit *= levels[i];
  }
  return best;
}

// A part of the contraction: samples [sample, sample + samples), of each the windows
// [begin, begin + count) along every axis.
struct gradient_block {
  std::int64_t sample, samples;
  std::int64_t begin[3], count[3];
};

template <convolution_shape Shape, class T, class Arch>
struct kernel_gradient_plan {
  static constexpr int width = detail::width<T, Arch>;
  static constexpr auto const& axes = Shape.over.axes;
  static constexpr std::int64_t channels = Shape.group_channels();
  static constexpr std::int64_t filters = Shape.group_filters();
  static constexpr std::int64_t rows = Shape.over.taps() * channels;

  // Where filters fill no more than half a vector, lanes 2 f and 2 f + 1 are filter f's of two
  // samples. Their elements of x are then copied side by side, to be loaded as one double.
  static constexpr bool paired = std::is_same_v<T, float> && 2 * filters <= width && rows >= 8 &&
                                 Shape.over.positions_out() <= 2048 && Shape.x_size() <= 16384;
  static constexpr std::int64_t together = paired ? 2 : 1;  // samples

  // Padding: tiles of a single tap leave out the windows in which it is outside. With few channels
  // they would be low, and blocks of x are copied with their padding.
  static constexpr bool clipped = Shape.over.padded() && channels >= 8 && !paired;
  static constexpr bool copied = (Shape.over.padded() && !clipped) || paired;

  // Windows of a block: enough that a tile's sums are worth keeping in registers, few enough that
  // what its tiles share of x and y stays in L2.
  static constexpr std::int64_t block_target = [] {
    constexpr std::int64_t steps = 512, copy = (1 << 18) / sizeof(T);  // elements of a copy
    if (paired) return std::max(steps, 2 * Shape.over.positions_out());
    if (!copied) return steps;
    std::int64_t const strides = axes[0].stride * axes[1].stride * axes[2].stride;
    return std::clamp<std::int64_t>(copy / (Shape.channels * strides), 16, steps);
  }();
  struct block_extents {
    std::int64_t samples, of[3];
  };
  static constexpr block_extents block = [] {
    block_extents e{1, {1, 1, 1}};
    std::int64_t inner = 1;
    for (int i = 2; i >= 0; --i) {
      std::int64_t const all = inner * axes[i].out;
      if (all > block_target + block_target / 2) {
        e.of[i] = divide_up(axes[i].out, divide_up(all, block_target));
        return e;
      }
      e.of[i] = axes[i].out;
      inner = all;
    }
    e.samples = std::max<std::int64_t>(1, block_target / inner);
    return e;
  }();
  static constexpr std::int64_t pieces[3] = {divide_up(axes[0].out, block.of[0]),
                                             divide_up(axes[1].out, block.of[1]),
                                             divide_up(axes[2].out, block.of[2])};
  static constexpr std::int64_t pieces_of_sample = pieces[0] * pieces[1] * pieces[2];

  // Positions along an axis of what tiles read as x.
  static constexpr std::int64_t read_extent(int i) {
    return copied ? (block.of[i] - 1) * axes[i].stride + axes[i].reach() : axes[i].in;
  }
  // Elements between positions of what tiles read as x, and between its samples or pairs of them.
  static constexpr std::int64_t position = Shape.channels * together;
  static constexpr std::int64_t distance[3] = {read_extent(1) * read_extent(2) * position,
                                               read_extent(2) * position, position};
  static constexpr std::int64_t sample_distance = read_extent(0) * distance[0];
  // Copies of pairs may write two vectors too much.
  static constexpr std::int64_t copy_elements =
      copied ? divide_up(block.samples, together) * sample_distance + (paired ? 2 * width : 0) : 0;

  struct place_of_row {
    std::int64_t tap[3], channel;
    constexpr std::int64_t offset() const {
      std::int64_t sum = channel * together;
      for (int i = 0; i < 3; ++i) sum += tap[i] * axes[i].dilation * distance[i];
      return sum;
    }
  };
  static constexpr place_of_row place(std::int64_t row) {
    std::int64_t const tap = row / channels, line = tap / axes[2].size;
    return {{line / axes[1].size, line % axes[1].size, tap % axes[2].size}, row % channels};
  }

  // A row's distance from the first one of its tile.
  static constexpr std::int64_t offset_of(int row) { return place(row).offset(); }

  static constexpr gradient_rows rows_with(int wide) {
    std::int64_t levels[4] = {channels, axes[2].size, axes[1].size, axes[0].size};
    std::int64_t const steps[4] = {1, axes[2].dilation * distance[2],
                                   axes[1].dilation * distance[1], axes[0].dilation * distance[0]};
    if (!clipped) {  // what lies without gaps is one run
      for (int i = 1; i < 4 && (steps[i] == levels[0] * together || levels[i] == 1); ++i) {
        levels[0] *= levels[i];
        levels[i] = 1;
      }
    }
    return choose_rows(levels, clipped ? 1 : 4, wide, vector_registers<Arch>);
  }

  // Columns: panels of `vectors`, and one of `rest` vectors.
  static constexpr int all_vectors = static_cast<int>(divide_up(filters, width));
  static constexpr int vectors = [] {
    int best = 1;
    std::int64_t least = 0;
    for (int v = 1; v <= 4 && v <= all_vectors; ++v) {
      std::int64_t const rest_cost = all_vectors % v == 0 ? 0 : rows_with(all_vectors % v).cost;
      std::int64_t const cost = all_vectors / v * rows_with(v).cost + rest_cost;
      if (v > 1 && cost > least) continue;
      least = cost;
      best = v;
    }
    return best;
  }();
  static constexpr int rest = all_vectors % vectors;
  static constexpr int tail = static_cast<int>(filters - (all_vectors - 1) * width);
  static constexpr std::int64_t panels = all_vectors / vectors;
  static constexpr gradient_rows wide_rows = rows_with(vectors);
  static constexpr gradient_rows rest_rows = rows_with(rest == 0 ? vectors : rest);

  static constexpr std::int64_t tiles_of_group =
      panels * wide_rows.count() + (rest == 0 ? 0 : rest_rows.count());
  static constexpr std::int64_t tiles = Shape.over.groups * tiles_of_group;
  // Elements of a tile's sums.
  static constexpr std::int64_t tile_elements =
      std::max<std::int64_t>(wide_rows.height() * vectors, rest_rows.height() * rest) * width;

  // Panels of y that many tiles read are copied first, since steps are far apart in y.
  static constexpr bool packed =
      paired || (wide_rows.count() >= 8 && vectors * width < Shape.filters);
  static constexpr std::int64_t panel_elements = packed ? divide_up(block.samples, together) *
                                                              block.of[0] * block.of[1] *
                                                              block.of[2] * vectors * width
                                                        : 0;
  // Elements of y as tiles read it, from a step to the next.
  static constexpr std::int64_t y_step(int panel_vectors) {
    return packed ? panel_vectors * width : Shape.filters;
  }
  // Windows of y as tiles read it, along an axis.
  static constexpr std::int64_t y_extent(int i) { return packed ? block.of[i] : axes[i].out; }

  // With many tiles along the channels, each fetches what the next one reads into L2: tiles of two
  // vectors and more are not bound by their loads.
  static constexpr bool prefetched = vectors > 1 && wide_rows.unit == 1 &&
                                     wide_rows.count() >= 4 * wide_rows.runs;
  static constexpr std::int64_t next_tile = 2 * wide_rows.height();  // its end in x

  // With few tiles the contraction too is divided among the team: into as many chunks, by the
  // batch size alone, whose sums are then added in order.
  static constexpr std::int64_t chunk_limit =
      tiles >= 64 ? 1 : std::min<std::int64_t>(16, divide_up(64, tiles));
  // Tiles whose sums a member keeps at once while it goes through the blocks.
  static constexpr std::int64_t tiles_at_once =
      std::min(tiles, std::max<std::int64_t>(
                          1, (1 << 18) / (tile_elements * static_cast<std::int64_t>(sizeof(T)))));
};

}  // namespace typegrad::on_cpu::detail

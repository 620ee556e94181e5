// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>

// The cost model by which a convolution's register tile is chosen while compiling. It counts cycles
// of a core that does two vector multiply-adds and two loads in each, as every AVX2 and AVX-512
// processor of the last years does; only ratios matter.
namespace typegrad::on_cpu::detail {

// Along an axis, tap t of output o lies at element first + o * out + t * tap of `in`; others are
// padding.
struct border {
  std::int64_t in = 1, first = 0, out = 1, tap = 1;

  constexpr bool operator==(border const&) const = default;

  // Of `taps`, a range that holds those by which outputs [begin, begin + count) read elements.
  constexpr span_of_work live(std::int64_t begin, std::int64_t count, std::int64_t taps) const {
    std::int64_t const low = -(first + (begin + count - 1) * out);  // of the last output
    std::int64_t const high = in - 1 - (first + begin * out);       // of the first
    std::int64_t const from = low > 0 ? std::min(divide_up(low, tap), taps) : 0;
    std::int64_t const until = high < 0 ? 0 : std::min(high / tap + 1, taps);
    return {from, std::max(from, until)};
  }
};

// What a tile covers: `high` rows of `wide` outputs, times `vectors` of columns.
struct tile_choice {
  int high = 1, wide = 1, vectors = 1;

  constexpr int rows() const { return high * wide; }
  constexpr bool operator==(tile_choice const&) const = default;
};

struct tile_problem {
  std::int64_t high, wide;       // outputs of a plane
  std::int64_t columns;          // in vectors
  std::int64_t segments, steps;  // the contraction: so many runs of so many steps
  std::int64_t vector_bytes;     // a panel of one vector
  int registers;
  std::int64_t taps = 1;  // along the axis `high`: those that read padding are left out
  border edge{};

  // A sum waits this long for its next step.
  static constexpr double latency = 4;

  // Panels that fit these stay in L1, in L2 from tile to tile.
  static constexpr std::int64_t near_bytes = 40 << 10;
  static constexpr std::int64_t resident_bytes = 640 << 10;

  // One tile: a step is bound by multiply-adds, by loads (a vector of B counts for several: so it
  // was measured, if it comes from L1 or from L2) or by the latency of a sum; beside the steps
  // stand what a segment needs to begin, the call, and the epilogue.
  constexpr double tile_cycles(int rows, std::int64_t vectors, double live = 1) const {
    double const sums = static_cast<double>(rows) * static_cast<double>(vectors);
    std::int64_t const panel = vector_bytes * vectors;
    double const load = panel <= near_bytes ? 3.5 : panel <= resident_bytes ? 4.5 : 8;
    double const loads = rows + load * static_cast<double>(vectors);
    double step = sums / 2;
    if (loads / 2 > step) step = loads / 2;
    if (latency > step) step = latency;
    step += 0.3;
    return live * static_cast<double>(segments) * (static_cast<double>(steps) * step + 3) + 24 +
           sums;
  }
  constexpr bool fits(int rows, int vectors) const {
    return rows * vectors + vectors + 1 <= registers;
  }
  // All tiles of a plane; the last ones of a row or column overlap those before them. What is left
  // of the columns is a panel of fewer vectors.
  constexpr double cycles(tile_choice const& c) const {
    auto const tiles = static_cast<double>(divide_up(high, c.high) * divide_up(wide, c.wide));
    double const part = live(c.high);
    double one = static_cast<double>(columns / c.vectors) * tile_cycles(c.rows(), c.vectors, part);
    if (columns % c.vectors != 0) one += tile_cycles(c.rows(), columns % c.vectors, part);
    return tiles * one;
  }
  // The part of the taps that tiles of this height do not leave out.
  constexpr double live(std::int64_t height) const {
    if (edge == border{} || taps == 0) return 1;
    std::int64_t n = 0, strips = divide_up(high, height);
    for (std::int64_t i = 0; i < strips; ++i) {
      auto const kept = edge.live(std::min(i * height, high - height), height, taps);
      n += kept.end - kept.begin;
    }
    return static_cast<double>(n) / static_cast<double>(strips * taps);
  }

  constexpr tile_choice best() const {
    tile_choice chosen{};
    double least = cycles(chosen);
    for (int v = 1; v <= 6 && v <= columns; ++v) {
      for (int h = 1; h <= high && fits(h, v); ++h) {
        for (int w = 1; w <= wide && fits(h * w, v); ++w) {
          tile_choice const c{h, w, v};
          // A narrower panel beside the others costs code.
          double const all = cycles(c) * (columns % v != 0 ? 1.02 : 1);
          if (all < least) {
            least = all;
            chosen = c;
          }
        }
      }
    }
    return chosen;
  }
};

// If the packed panels of B are together no larger than tile_problem::resident_bytes, they are kept
// over all samples; else they are packed one by one, each for a block of samples whose padded
// copies are no larger than this.
inline constexpr std::int64_t block_bytes = 3 << 20;
// Below so many multiply-adds the team's first member works alone.
inline constexpr std::int64_t convolution_parallel_from = 256 * 1024;

}  // namespace typegrad::on_cpu::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <typegrad/evaluators/cpu/convolution/interleave.hpp>
#include <typegrad/evaluators/cpu/convolution/pad.hpp>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/convolution/split.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>
#include <typegrad/evaluators/cpu/runs.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

// The convolution with few filters: lanes are neighbouring outputs of a row, and there is a sum for
// each filter and each vector of outputs. A sample's channels are copied apart, so that the
// elements under a tap lie one after the other; the sums are put in order when they are finished.
// Where but the greatest sum of a block is wanted, the others never leave the registers.
namespace typegrad::on_cpu::detail {

TYPEGRAD_QUIET_BEGIN

template <convolution_shape Shape, class T, class Arch, position_block Block = position_block{}>
struct pixel_lanes {
  static constexpr int width = detail::width<T, Arch>, filters = static_cast<int>(Shape.filters);
  static constexpr auto const& axes = Shape.over.axes;
  static constexpr std::int64_t channels = Shape.channels, apart = axes[2].stride;
  static constexpr std::int64_t vectors_of_row = divide_up(axes[2].out, width);
  static constexpr std::int64_t down = Block.at[1], across = Block.at[2];
  static constexpr std::int64_t rows_kept = axes[1].out / down, row_kept = axes[2].out / across;
  // Whether the sums of a row of blocks find room in the registers, and lanes can be compared.
  static constexpr bool takes_block =
      Block == position_block{} ||
      (Block.at[0] == 1 && across <= 2 && (filters + 1) * down + 1 <= vector_registers<Arch> &&
       has_avx512<Arch> && is_float_of<T, Arch, 4>);

  // A sample's padded box, and the copy: rows x remainders by the stride x channels x elements.
  static constexpr sample_box box = [] {
    sample_box b{{}, {}, {}, channels};
    for (int i = 0; i < 3; ++i) {
      window_axis const& a = axes[i];
      b.in[i] = a.in;
      b.begin[i] = -a.low;
      b.count[i] = (a.out - 1) * a.stride + a.reach();
    }
    return b;
  }();
  static constexpr bool as_it_lies = apart == 1 && channels == 1;
  static constexpr std::int64_t line = divide_up(box.count[2], apart);
  static constexpr std::int64_t row_size = line * channels * apart;
  static constexpr std::int64_t rows = box.count[0] * box.count[1];
  static constexpr std::int64_t slack = vectors_of_row * width + box.count[2];
  static constexpr std::int64_t copy_size = round_up(rows * row_size + slack, 64 / sizeof(T));
  static constexpr std::int64_t whole_size =
      as_it_lies ? 0 : round_up(box.size(), 64 / sizeof(T));

  // What a tile covers: `high` rows of `wide` vectors.
  struct cut {
    int high = 1, wide = 1;
    constexpr int vectors() const { return high * wide; }
    constexpr std::int64_t tiles_down() const { return divide_up(axes[1].out, high); }
    constexpr std::int64_t tiles_across() const { return divide_up(vectors_of_row, wide); }
    constexpr std::int64_t cost() const {
      return tiles_down() * tiles_across() * (std::max(filters * vectors(), 8) + 2);
    }
  };
  static constexpr cut tile = [] {
    cut best{down, 1};
    for (int h = down; h <= axes[1].out; h += down) {
      for (int w = 1; w <= vectors_of_row; ++w) {
        cut const c{h, w};
        if (filters * c.vectors() + c.vectors() + 1 > vector_registers<Arch>) break;
        if (c.cost() < best.cost()) best = c;
      }
    }
    return best;
  }();

  // Few filters, and cheaper than vectors of filters that are shared by `split` parts of a row:
  // vector multiply-adds, of which those reach some 80 % of the processor's, and for every element
  // that is copied apart two instructions more.
  static constexpr bool pays(int split) {
    if (!std::is_same_v<T, float> || !has_avx512<Arch> || filters > 8) return false;
    double const depth = static_cast<double>(Shape.over.taps() * channels);
    double const lines = static_cast<double>(axes[0].out * axes[1].out);
    double const copy = as_it_lies ? 0 : 2 * static_cast<double>(box.size());
    double const own = lines * static_cast<double>(vectors_of_row * filters) * depth + copy;
    double const other = lines * static_cast<double>(axes[2].out) * depth / (0.8 * split);
    return own < other && copy_size * static_cast<std::int64_t>(sizeof(T)) <= (1 << 18);
  }

  // Of a row of tiles, what is kept: rows of vectors for each filter. And one row, put in order.
  static constexpr std::int64_t high_kept = tile.high / down;
  static constexpr std::int64_t line_kept =
      (divide_up(vectors_of_row, across) + across - 1) * width;
  static constexpr std::int64_t filter_size = high_kept * line_kept;
  static constexpr std::int64_t sums_size = filters * filter_size;
  static constexpr std::int64_t ordered_size = line_kept * filters;

  static constexpr std::int64_t own_size = copy_size + whole_size + sums_size + ordered_size;
  static constexpr std::size_t scratch_bytes(int team_size) {
    return static_cast<std::size_t>(team_size * own_size) * sizeof(T);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* k,
                  Epilogue const& epilogue, std::byte* scratch) {
    bool const alone = batch * Shape.products() < (256 << 10);
    if (alone && members.index != 0) return;
    team const workers = alone ? team{} : members;
    T* const copy = reinterpret_cast<T*>(scratch) + workers.index * own_size;
    T* const sums = copy + copy_size + whole_size;
    T* const ordered = sums + sums_size;
    constexpr std::int64_t strips = axes[0].out * tile.tiles_down();
    auto const mine = workers.part(batch * strips);
    std::int64_t copied = -1;
    for (auto i = mine.begin; i < mine.end; ++i) {
      std::int64_t const sample = i / strips, plane = i % strips / tile.tiles_down();
      if (sample != copied) copy_sample(x + sample * Shape.x_size(), copy, copy + copy_size);
      copied = sample;
      std::int64_t const wanted = i % tile.tiles_down() * tile.high;
      std::int64_t const high = std::min(wanted, axes[1].out - tile.high);
      strip(copy + (plane * axes[0].stride * box.count[1] + high * axes[1].stride) * row_size, k,
            sums);
      std::int64_t const first = (sample * axes[0].out + plane) * rows_kept + high / down;
      for (std::int64_t h = (wanted - high) / down; h < high_kept; ++h) {
        put_in_order(sums + h * line_kept, ordered);
        give_rows<filters, Arch>(static_cast<T const*>(ordered), (first + h) * row_kept, row_kept,
                                 epilogue);
      }
    }
  }

 private:
  [[gnu::noinline]] static void copy_sample(T const* x, T* copy, T* whole) {
    std::fill_n(copy + rows * row_size, slack, T(0));
    if constexpr (as_it_lies) {
      pad_sample<box, T, Arch>(x, copy);
    } else {
      pad_sample<box, T, Arch>(x, whole);
      for (std::int64_t r = 0; r < rows; ++r, whole += box.count[2] * channels) {
        for (std::int64_t p = 0; p < apart; ++p) {
          for (std::int64_t c = 0; c < channels; ++c, copy += line) {
            for (std::int64_t j = 0; j < line; ++j) {
              std::int64_t const at = j * apart + p;
              copy[j] = at < box.count[2] ? whole[at * channels + c] : T(0);
            }
          }
        }
      }
    }
  }

  // Where the elements under the taps of a row lie, in the order of the kernel's.
  static constexpr auto taps_of_row = [] {
    std::array<std::int32_t, static_cast<std::size_t>(axes[2].size * channels)> at{};
    for (std::int64_t t = 0; t < axes[2].size; ++t) {
      std::int64_t const reach = t * axes[2].dilation;
      for (std::int64_t c = 0; c < channels; ++c) {
        at[static_cast<std::size_t>(t * channels + c)] =
            static_cast<std::int32_t>((reach % apart * channels + c) * line + reach / apart);
      }
    }
    return at;
  }();

  // A row of tiles: sums[(filter, row, lane)].
  static void strip(T const* a, T const* k, T* sums) {
    for (std::int64_t t = 0; t < tile.tiles_across(); ++t) {
      std::int64_t const first = std::min(t * tile.wide, vectors_of_row - tile.wide);
      compute(a + first * width, k, sums + first * width / across);
    }
  }
  static void put_in_order(T const* sums, T* row) {
    for (std::int64_t i = 0; i < row_kept; i += width)
      interleave_filters<filters, Arch>(sums + i, filter_size, row + i * filters);
  }

  // One tile: the function in which all arithmetic is done.
  [[gnu::noinline]] static void compute(T const* a, T const* k, T* sums) {
    using batch = xsimd::batch<T, Arch>;
    constexpr int vectors = tile.vectors();
    constexpr int wide_kept = static_cast<int>(divide_up(tile.wide, across));
    batch sum[filters][vectors];
    TYPEGRAD_UNROLL
    for (int f = 0; f < filters; ++f) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < vectors; ++v) sum[f][v] = batch(T(0));
    }
    T const* plane = a;
    for (auto i = axes[0].size; i > 0; --i, plane += axes[0].dilation * box.count[1] * row_size) {
      T const* tap = plane;
      for (auto j = axes[1].size; j > 0; --j, tap += axes[1].dilation * row_size) {
        TYPEGRAD_NO_UNROLL
        for (std::int32_t const at : taps_of_row) {
          batch x[vectors];
          TYPEGRAD_UNROLL
          for (int v = 0; v < vectors; ++v) {
            x[v] = batch::load_unaligned(tap + at + v / tile.wide * axes[1].stride * row_size +
                                         v % tile.wide * width);
          }
          TYPEGRAD_UNROLL
          for (int f = 0; f < filters; ++f) {
            batch const weight(k[f]);
            TYPEGRAD_UNROLL
            for (int v = 0; v < vectors; ++v) sum[f][v] = xsimd::fma(weight, x[v], sum[f][v]);
          }
          k += filters;
        }
      }
    }
    TYPEGRAD_UNROLL
    for (int f = 0; f < filters; ++f) {
      TYPEGRAD_UNROLL
      for (int h = 0; h < high_kept; ++h) {
        batch* const kept = sum[f] + h * down * tile.wide;
        reduce_to_blocks(kept);
        TYPEGRAD_UNROLL
        for (int v = 0; v < wide_kept; ++v)
          kept[v].store_unaligned(sums + f * filter_size + h * line_kept + v * width);
      }
    }
  }

  // The sums of rows that lie in one row of blocks: leaves the greatest of every block.
  [[gnu::always_inline]] static void reduce_to_blocks([[maybe_unused]] xsimd::batch<T, Arch>* sum) {
#if XSIMD_WITH_AVX512F
    if constexpr (has_avx512<Arch> && is_float_of<T, Arch, 4>) {
      TYPEGRAD_UNROLL
      for (int v = tile.wide; v < down * tile.wide; ++v)
        sum[v % tile.wide] = greater_lanes(sum[v % tile.wide], sum[v]);
      if constexpr (across == 2) {
        TYPEGRAD_UNROLL
        for (int v = 0; 2 * v < tile.wide; ++v)
          sum[v] = greater_neighbours(sum[2 * v], sum[std::min(2 * v + 1, tile.wide - 1)]);
      }
    }
#endif
  }
};

TYPEGRAD_QUIET_END

}  // namespace typegrad::on_cpu::detail

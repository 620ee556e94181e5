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
namespace typegrad::cpu::detail {

TYPEGRAD_QUIET_BEGIN

template <convolution_shape Shape, class T, class Arch>
struct pixel_lanes {
  static constexpr int width = detail::width<T, Arch>, filters = static_cast<int>(Shape.filters);
  static constexpr window_axis const (&axes)[3] = Shape.over.axes;
  static constexpr std::int64_t channels = Shape.channels, apart = axes[2].stride;
  static constexpr std::int64_t vectors_of_row = divide_up(axes[2].out, width);

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
    cut best{};
    for (int h = 1; h <= axes[1].out; ++h) {
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

  static constexpr std::int64_t own_size = copy_size + whole_size;
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
    constexpr std::int64_t strips = axes[0].out * tile.tiles_down();
    auto const mine = workers.part(batch * strips);
    std::int64_t copied = -1;
    for (auto i = mine.begin; i < mine.end; ++i) {
      std::int64_t const sample = i / strips, plane = i % strips / tile.tiles_down();
      if (sample != copied) copy_sample(x + sample * Shape.x_size(), copy, copy + copy_size);
      copied = sample;
      std::int64_t const done = i % tile.tiles_down() * tile.high;
      std::int64_t const high = std::min(done, axes[1].out - tile.high);
      T const* const from =
          copy + (plane * axes[0].stride * box.count[1] + high * axes[1].stride) * row_size;
      std::int64_t const row = ((sample * axes[0].out + plane) * axes[1].out + high) * axes[2].out;
      strip(from, k, row, static_cast<int>(done - high), epilogue);
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

  // A row of tiles, the first `skip` rows of which are done.
  template <class Epilogue>
  static void strip(T const* a, T const* k, std::int64_t row, int skip, Epilogue const& epilogue) {
    alignas(64) T sums[filters * tile.vectors() * width], rows_out[filters * tile.wide * width];
    for (std::int64_t t = 0; t < tile.tiles_across(); ++t) {
      std::int64_t const done = t * tile.wide;
      std::int64_t const first = std::min(done, vectors_of_row - tile.wide);
      compute(a + first * width, k, sums);
      std::int64_t const count = std::min(axes[2].out - done * width,
                                          (first + tile.wide - done) * width);
      for (int h = skip; h < tile.high; ++h) {
        for (int w = static_cast<int>(done - first); w < tile.wide; ++w) {
          interleave_filters<filters, Arch>(sums + (h * tile.wide + w) * width,
                                            tile.vectors() * width,
                                            rows_out + (w - (done - first)) * filters * width);
        }
        give_rows<filters, Arch>(static_cast<T const*>(rows_out),
                                 row + h * axes[2].out + done * width, count, epilogue);
      }
    }
  }

  // One tile: the function in which all arithmetic is done. sums[(filter, vector, lane)].
  [[gnu::noinline]] static void compute(T const* a, T const* k, T* sums) {
    using batch = xsimd::batch<T, Arch>;
    constexpr int vectors = tile.vectors();
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
      for (int v = 0; v < vectors; ++v) sum[f][v].store_aligned(sums + (f * vectors + v) * width);
    }
  }
};

TYPEGRAD_QUIET_END

}  // namespace typegrad::cpu::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/epilogue.hpp>

#include <limits>

// Where windows lie, and convolutions in groups: every element of the result by itself.

// Before a loop of which `times` are unrolled, a constant.
#if TYPEGRAD_CUDA
#define TYPEGRAD_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define TYPEGRAD_UNROLLED_BY(times) TYPEGRAD_PRAGMA(unroll(times))
#else
#define TYPEGRAD_UNROLLED_BY(times)
#endif

TYPEGRAD_ON_THRUST_BEGIN

/// Where windows and their taps lie, for a step that slides one. Positions count the spatial
/// elements of a sample, in 32 bits; element (position, channel) lies at position * channels +
/// channel.
template <class Source>
struct window_walk {
  static constexpr auto const& p = Source::info.product;
  static constexpr window over = p.over;
  static constexpr std::int64_t channels = p.channels, filters = p.filters;
  static constexpr std::int64_t taps = over.taps();
  static constexpr std::int64_t positions_in = over.positions_in();
  static constexpr std::int64_t positions_out = over.positions_out();

  /// What the elements of a sample and of a kernel are counted with.
  static constexpr bool is_small(std::int64_t elements) {
    return elements <= std::numeric_limits<std::int32_t>::max();
  }
  using offset =
      std::conditional_t<is_small(positions_in* channels) && is_small(positions_out* filters) &&
                             is_small(taps* channels / over.groups * filters),
                         std::int32_t, std::int64_t>;

  struct place {
    int at[max_spatial] = {};
  };
  /// An axis of the window in 32 bits.
  struct axis {
    int in, out, size, stride, dilation, low;
    bool padded;
  };
  struct axes {
    axis at[max_spatial];
  };
  static constexpr axes all_axes() {
    constexpr auto narrow = [](std::int64_t n) { return static_cast<int>(n); };
    axes all{};
    for (int i = 0; i < max_spatial; ++i) {
      window_axis const& a = p.over.axes[i];
      all.at[i] = {narrow(a.in),       narrow(a.out), narrow(a.size), narrow(a.stride),
                   narrow(a.dilation), narrow(a.low), a.padded()};
    }
    return all;
  }
  static constexpr place extents_of(int axis::* count) {
    place n;
    for (int i = 0; i < max_spatial; ++i) n.at[i] = all_axes().at[i].*count;
    return n;
  }
  static constexpr int count_of(place const& extents) {
    return extents.at[0] * extents.at[1] * extents.at[2];
  }

  /// Place `e` of those of these extents, constants, in their order.
  TYPEGRAD_DEVICE static place located(std::int64_t e, place const& extents) {
    auto rest = static_cast<std::uint32_t>(e);
    place x;
    TYPEGRAD_UNROLLED
    for (int i = max_spatial - 1; i >= 0; --i) {
      int outer = 1;
      for (int k = 0; k < i; ++k) outer *= extents.at[k];
      auto const n = static_cast<std::uint32_t>(extents.at[i]);
      x.at[i] = static_cast<int>(outer == 1 ? rest : rest % n);
      rest = outer == 1 ? 0 : rest / n;
    }
    return x;
  }
  TYPEGRAD_DEVICE static bool is_within(int i, int count) {
    return static_cast<std::uint32_t>(i) < static_cast<std::uint32_t>(count);
  }
  TYPEGRAD_DEVICE static int position(place const& x, place const& extents) {
    return (x.at[0] * extents.at[1] + x.at[1]) * extents.at[2] + x.at[2];
  }
  TYPEGRAD_DEVICE static place input_at(std::int64_t e) {
    constexpr place in = extents_of(&axis::in);
    return located(e, in);
  }
  TYPEGRAD_DEVICE static place output_at(std::int64_t e) {
    constexpr place out = extents_of(&axis::out);
    return located(e, out);
  }
  TYPEGRAD_DEVICE static place tap_at(std::int64_t e) {
    constexpr place size = extents_of(&axis::size);
    return located(e, size);
  }
  TYPEGRAD_DEVICE static int input_position(place const& x) {
    constexpr place in = extents_of(&axis::in);
    return position(x, in);
  }
  TYPEGRAD_DEVICE static int output_position(place const& o) {
    constexpr place out = extents_of(&axis::out);
    return position(o, out);
  }

  /// What a tap of a window reads: a position, or padding.
  struct reading {
    int position;
    bool padding;
  };
  TYPEGRAD_DEVICE static reading reads(place const& o, place const& t) {
    constexpr axes w = all_axes();
    place x;
    bool padding = false;
    TYPEGRAD_UNROLLED
    for (int i = 0; i < max_spatial; ++i) {
      x.at[i] = o.at[i] * w.at[i].stride + t.at[i] * w.at[i].dilation - w.at[i].low;
      padding = padding || (w.at[i].padded && !is_within(x.at[i], w.at[i].in));
    }
    return {input_position(x), padding};
  }
  /// The same, -1 for padding.
  TYPEGRAD_DEVICE static int read_by(place const& o, place const& t) {
    reading const r = reads(o, t);
    return r.padding ? -1 : r.position;
  }
  /// The window whose tap t reads position x, -1 if there is none.
  TYPEGRAD_DEVICE static int reader(place const& x, place const& t) {
    constexpr axes w = all_axes();
    place o;
    TYPEGRAD_UNROLLED
    for (int i = 0; i < max_spatial; ++i) {
      int const from = x.at[i] + w.at[i].low - t.at[i] * w.at[i].dilation;
      if (from < 0 || from % w.at[i].stride != 0) return -1;
      o.at[i] = from / w.at[i].stride;
      if (o.at[i] >= w.at[i].out) return -1;
    }
    return output_position(o);
  }
};

/// Convolutions in groups and their gradients, and the greatest elements of blocks of convolutions.
template <class Source>
struct sliding_kernel : step_epilogue<Source> {
  using base = step_epilogue<Source>;
  using body = step_body<Source>;
  using typename base::arguments;
  using typename base::real;
  using walk = window_walk<Source>;
  using place = typename walk::place;
  using offset = typename walk::offset;
  static constexpr auto const& p = Source::info.product;
  using element = memory_of<body::at(base::product).type>;
  static constexpr op code = p.code;
  static constexpr int left_slot = p.slot_a, right_slot = p.slot_b;
  static constexpr std::int64_t rows = p.rows.extent, columns = p.columns.extent;
  static constexpr bool inner_batched = p.inner.batch;
  static constexpr int channels = static_cast<int>(p.channels);
  static constexpr int filters = static_cast<int>(p.filters);
  static constexpr int channels_each = static_cast<int>(p.channels / p.over.groups);
  static constexpr int filters_each = static_cast<int>(p.filters / p.over.groups);
  static constexpr int taps = static_cast<int>(walk::taps);
  static constexpr int taps_at_once = taps * channels_each <= 128 ? taps : 1;

  static std::int64_t units(std::int64_t batch_size) {
    return rows * (p.rows.batch ? batch_size : 1) * columns;
  }

  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    constexpr std::uint64_t each = static_cast<std::uint64_t>(rows * columns);
    auto const sample = static_cast<std::int64_t>(static_cast<std::uint64_t>(u) / each);
    auto const rest = static_cast<offset>(u - sample * (rows * columns));
    auto const row = static_cast<int>(rest / static_cast<offset>(columns));
    auto const column = static_cast<int>(rest % static_cast<offset>(columns));
    real const value = compute(a, sample, row, column);
    base::template apply<1>(a, 0, sample * rows + row, column, &value);
  }

 private:
  /// Element (position, channel) of a sample of x, and (position, filter) of y.
  TYPEGRAD_DEVICE static real of_x(int slot, arguments const& a, std::int64_t sample, int position,
                                   int channel) {
    return static_cast<real>(
        static_cast<element const*>(a.slots[slot])[sample * (walk::positions_in * channels) +
                                                   (offset{position} * channels + channel)]);
  }
  TYPEGRAD_DEVICE static real of_y(int slot, arguments const& a, std::int64_t sample, int position,
                                   int filter) {
    return static_cast<real>(
        static_cast<element const*>(a.slots[slot])[sample * (walk::positions_out * filters) +
                                                   (offset{position} * filters + filter)]);
  }
  TYPEGRAD_DEVICE static real of_kernel(arguments const& a, int tap, int channel, int filter) {
    return static_cast<real>(static_cast<element const*>(
        a.slots[right_slot])[(offset{tap} * channels_each + channel) * filters + filter]);
  }

  TYPEGRAD_DEVICE static real convolved(arguments const& a, std::int64_t sample, place const& o,
                                        int f) {
    int const first = f / filters_each * channels_each;
    real sum = 0;
    TYPEGRAD_UNROLLED_BY(taps_at_once)
    for (int t = 0; t < taps; ++t) {
      auto const from = walk::reads(o, walk::tap_at(t));
      int const x = from.padding ? 0 : from.position;  // so that no read waits for a branch
      for (int c = 0; c < channels_each; ++c) {
        real const product = of_x(left_slot, a, sample, x, first + c) * of_kernel(a, t, c, f);
        if (!from.padding) sum += product;
      }
    }
    return sum;
  }

  TYPEGRAD_DEVICE static real compute(arguments const& a, std::int64_t sample, int e, int c) {
    real sum = 0;
    if constexpr (code == op::convolution) {
      return convolved(a, sample, walk::output_at(e), c);
    } else if constexpr (code == op::convolution_max) {
      // rows are blocks of windows, which lie side by side
      constexpr place size = extents_of_block(), count = counts_of_blocks();
      constexpr int windows = walk::count_of(size);
      place const block = walk::located(e, count);
      real best = 0;
      TYPEGRAD_UNROLLED_BY(1)
      for (int i = 0; i < windows; ++i) {
        place at = walk::located(i, size);
        for (int axis = 0; axis < max_spatial; ++axis)
          at.at[axis] += block.at[axis] * size.at[axis];
        real const value = convolved(a, sample, at, c);
        if (i == 0 || value > best || (value != value && best == best)) best = value;
      }
      return best;
    } else if constexpr (code == op::convolution_input) {
      place const x = walk::input_at(e);
      int const first = c / channels_each * filters_each;
      for (int t = 0; t < taps; ++t) {
        int const o = walk::reader(x, walk::tap_at(t));
        if (o < 0) continue;
        for (int f = first; f < first + filters_each; ++f)
          sum += of_y(left_slot, a, sample, o, f) * of_kernel(a, t, c % channels_each, f);
      }
      return sum;
    } else {
      static_assert(code == op::convolution_kernel);
      // e is (tap, channel of the group), c the filter
      place const t = walk::tap_at(e / channels_each);
      int const channel = e % channels_each + c / filters_each * channels_each;
      std::int64_t const samples = inner_batched ? a.run.batch_size : 1;
      for (std::int64_t s = 0; s < samples; ++s) {
        TYPEGRAD_UNROLLED_BY(8)
        for (int o = 0; o < static_cast<int>(walk::positions_out); ++o) {
          auto const from = walk::reads(walk::output_at(o), t);
          int const x = from.padding ? 0 : from.position;
          real const product = of_x(left_slot, a, s, x, channel) * of_y(right_slot, a, s, o, c);
          if (!from.padding) sum += product;
        }
      }
      return sum;
    }
  }

  static constexpr place extents_of_block() {
    place n;
    for (int i = 0; i < max_spatial; ++i) n.at[i] = static_cast<int>(p.block.at[i]);
    return n;
  }
  static constexpr place counts_of_blocks() {
    place n;
    for (int i = 0; i < max_spatial; ++i)
      n.at[i] = static_cast<int>(p.over.axes[i].out / p.block.at[i]);
    return n;
  }
};

TYPEGRAD_ON_THRUST_END

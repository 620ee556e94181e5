// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/convolution/sliding.hpp>
#include <typegrad/evaluators/cpu/convolution/winograd.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

// The input gradient in two steps, for few channels or narrow rows. A window's taps along the last
// axis lie beside one another in the kernel, so (tap, channel) are the columns of a product by
// themselves: a vector is full where channels alone would leave lanes empty, and nothing is
// multiplied with the padding of y's rows. The products of a sample, (rows of x, windows of a row,
// taps x channels), stay in L2 until each element of x has been summed up from its taps.
namespace typegrad::on_cpu::detail {

TYPEGRAD_QUIET_BEGIN

// The convolution whose channels are the last axis' taps and channels.
constexpr convolution_shape columns_shape(convolution_shape s) {
  window_axis& a = s.over.axes[2];
  s.channels *= a.size;
  a = {a.out, a.out, 1, 1, 1, 0};
  return s;
}

// Vector multiply-adds for a row of x, for each filter and tap along the other axes: with channels
// as columns, and in two steps, where summing up counts too.
struct input_cost {
  double direct, columns;

  static constexpr input_cost of(convolution_shape const& s, int width, int split) {
    window_axis const& a = s.over.axes[2];
    auto const vectors = [&](std::int64_t n) { return static_cast<double>(divide_up(n, width)); };
    double const taps = static_cast<double>(a.in * a.size) / static_cast<double>(a.stride);
    double const depth = static_cast<double>(s.over.axes[0].size * s.over.axes[1].size * s.filters);
    double const per_filter = depth / static_cast<double>(s.over.axes[0].stride *
                                                          s.over.axes[1].stride);
    return {taps * vectors(s.channels) / (split == 1 ? 1 : 0.8 * split),
            static_cast<double>(a.out) * vectors(a.size * s.channels) +
                1.5 * taps * vectors(s.channels) / per_filter};
  }
  constexpr bool pays() const { return direct > 1.1 * columns; }
};

// Problem: the input gradient of columns_shape(Shape), without split rows.
template <convolution_shape Shape, class Problem, class T, class Arch>
struct input_by_columns {
  static constexpr window_axis axis = Shape.over.axes[2];
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t channels = Shape.channels;
  static constexpr std::int64_t rows = Shape.over.axes[0].in * Shape.over.axes[1].in;
  static constexpr std::int64_t columns = axis.size * channels, row_size = axis.out * columns;
  static constexpr std::int64_t sample_size = rows * row_size;
  using product = sliding<Problem, T, Arch>;

  static constexpr std::int64_t size = sizeof(T), line = 64 / size;
  // Samples whose products are made at once.
  static constexpr std::int64_t block =
      std::clamp<std::int64_t>((128 << 10) / (sample_size * size), 1, 32);
  static constexpr bool fits = product::resident && sample_size * size <= (512 << 10);
  static constexpr std::int64_t own_size = product::own_size + round_up(block * sample_size, line);

  static constexpr std::size_t scratch_bytes(int team_size) {
    return static_cast<std::size_t>((product::packed_size + own_size * team_size) * size);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* y, T const* k,
                  Epilogue const& epilogue, std::byte* scratch) {
    if (batch <= 0) return;
    bool const alone = batch * Problem::products < convolution_parallel_from;
    if (alone && members.index != 0) return;
    team const workers = alone ? team{} : members;
    T* const packed = reinterpret_cast<T*>(scratch);
    T* const own = packed + product::packed_size + workers.index * own_size;
    T* const products = own + product::own_size;
    product::pack_all(workers, k, packed);
    workers.barrier();
    auto const mine = workers.part(batch);
    for (auto s = mine.begin; s < mine.end; s += block) {
      std::int64_t const n = std::min(block, mine.end - s);
      product::work(team{}, n, y + s * Shape.y_size(), k, store_epilogue<T>{products, columns},
                    packed, own);
      sum_up(products, n * rows, s * rows * axis.in, epilogue);
    }
  }

 private:
  // Where in a row of products the terms of each element of x lie: those of element i are
  // at[begin[i]], ... at[begin[i + 1] - 1].
  struct term_list {
    std::array<std::int32_t, static_cast<std::size_t>(axis.in) + 1> begin{};
    std::array<std::int32_t, static_cast<std::size_t>(axis.out * axis.size)> at{};
  };
  static constexpr term_list terms = [] {
    term_list t;
    std::size_t count = 0;
    for (std::int64_t i = 0; i < axis.in; ++i) {
      t.begin[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(count);
      for (std::int64_t tap = 0; tap < axis.size; ++tap) {
        std::int64_t const from = i + axis.low - tap * axis.dilation;
        if (from < 0 || from % axis.stride != 0 || from / axis.stride >= axis.out) continue;
        t.at[count++] =
            static_cast<std::int32_t>(from / axis.stride * columns + tap * channels);
      }
    }
    t.begin.back() = static_cast<std::int32_t>(count);
    return t;
  }();

  // Adds the terms of `count` rows, the first element of which is row `row` of the result.
  template <class Epilogue>
  [[gnu::noinline]] static void sum_up(T const* products, std::int64_t count, std::int64_t row,
                                       Epilogue const& stated) {
    auto const epilogue = stated;  // a copy, since stores could alias the original
    for (; count > 0; --count, products += row_size, row += axis.in) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(axis.in); ++i) {
        auto const vector = [&](std::int64_t column, auto n) __attribute__((always_inline)) {
          xsimd::batch<T, Arch> sum(T(0));
          for (auto j = terms.begin[i]; j < terms.begin[i + 1]; ++j) {
            sum += load_partial<Arch>(products + terms.at[static_cast<std::size_t>(j)] + column, n);
          }
          epilogue(row + static_cast<std::int64_t>(i), column, sum, n);
        };
        for (std::int64_t c = 0; c + width <= channels; c += width) vector(c, lanes<width>{});
        if constexpr (channels % width != 0) {
          vector(channels / width * width, lanes<static_cast<int>(channels % width)>{});
        }
      }
    }
  }
};

TYPEGRAD_QUIET_END

}  // namespace typegrad::on_cpu::detail

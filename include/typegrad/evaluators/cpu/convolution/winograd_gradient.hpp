// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/convolution/forward.hpp>
#include <typegrad/evaluators/cpu/convolution/winograd.hpp>

// The kernel's gradient by Winograd's algorithm: the transposes of the forward transforms. With d a
// tile of x, y one of the result's gradient and g that of the kernel,
//
//   g = G' (sum over tiles of (B' d B) * (A y A')) G
//
// so 36 products of (channels x tiles) with (tiles x filters) take the place of nine with sixteen
// times as many rows.
namespace typegrad::on_cpu::detail {

TYPEGRAD_QUIET_BEGIN

// The two transforms that the forward convolution does not have, of one row or column: four
// elements of y to six points, and six sums to three taps.
struct winograd_spread_line : winograd_numbers {
  template <class B>
  [[gnu::always_inline]] static void apply(B const* y, int from, B* to, int step) {
    B const y0 = y[0], y1 = y[from], y2 = y[2 * from], y3 = y[3 * from];
    B const even_1 = xsimd::fma(number<B>(0.5), y2, y0), even_2 = xsimd::fma(number<B>(2), y2, y0);
    B const odd_1 = xsimd::fma(number<B>(root_of_2 / 2), y1, number<B>(root_of_2 / 4) * y3);
    B const odd_2 = xsimd::fma(number<B>(root_of_2), y1, number<B>(2 * root_of_2) * y3);
    to[0] = y0;
    to[step] = even_1 + odd_1;
    to[2 * step] = even_1 - odd_1;
    to[3 * step] = even_2 + odd_2;
    to[4 * step] = even_2 - odd_2;
    to[5 * step] = y3;
  }
};
struct winograd_gather_line : winograd_numbers {
  template <class B>
  [[gnu::always_inline]] static void apply(B const* m, int from, B* to, int step) {
    B const even_1 = m[from] + m[2 * from], odd_1 = m[2 * from] - m[from];
    B const even_2 = m[3 * from] + m[4 * from], odd_2 = m[3 * from] - m[4 * from];
    to[0] = xsimd::fma(number<B>(1.0 / 6), even_2, xsimd::fnma(number<B>(2.0 / 3), even_1, m[0]));
    to[step] = xsimd::fma(number<B>(root_of_2 / 3), odd_1, number<B>(root_of_2 / 6) * odd_2);
    to[2 * step] = xsimd::fma(number<B>(1.0 / 3), even_2 - even_1, m[5 * from]);
  }
};

// c = a' b, or c += a' b: `tiles` of Rows columns of a, beside one another, times Vectors of b.
template <class T, class Arch, int Rows, int Vectors, std::int64_t StrideA, std::int64_t StrideB>
[[gnu::noinline]] void winograd_outer_product(T const* a, T const* b, T* c, std::int64_t tiles,
                                              std::int64_t steps, bool first) {
  using tile = detail::tile<T, Arch, Rows, Vectors>;
  using columns = column_cursor<T, Arch, Vectors, StrideB, lanes<width<T, Arch>>>;
  for (; tiles > 0; --tiles, a += Rows, c += tile::elements) {
    tile sum;
    if (first) {
      sum.clear();
    } else {
      sum.load(c);
    }
    sum.contract(steps, row_cursor<T, 1, StrideA>{a, 1, StrideA}, columns{b, StrideB, {}});
    sum.store(c);
  }
}

// Rows of the result are taps x channels, columns filters.
template <convolution_shape Shape, class T, class Arch>
struct winograd_gradient {
  using problem = forward_problem<Shape, 1>;
  static constexpr bool suits = suits_winograd<problem, T, Arch>();

  static constexpr int M = winograd_outputs, n = winograd_inputs, points = winograd_points;
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t size = sizeof(T), line = 64 / size;
  static constexpr std::int64_t channels = Shape.channels, filters = Shape.filters;
  static constexpr int vectors = filters % (2 * width) == 0 ? 2 : 1;
  static constexpr int rows = vector_registers<Arch> / 2 / vectors;
  static constexpr window_axis down = Shape.over.axes[1], right = Shape.over.axes[2];
  static constexpr std::int64_t tiles_wide = divide_up(right.out, M);
  static constexpr std::int64_t tiles = divide_up(down.out, M) * tiles_wide;  // of a sample

  // Filters are worked on in groups of panels whose sums stay in cache, tiles in blocks.
  static constexpr std::int64_t panel = vectors * width;
  static constexpr std::int64_t panels = filters / panel;
  static constexpr std::int64_t group =
      std::clamp<std::int64_t>((5 << 20) / (points * channels * panel * size), 1, panels);
  static constexpr std::int64_t a_stride = channels + line, b_stride = group * panel + line;
  static constexpr std::int64_t block =
      std::max<std::int64_t>(16, (3 << 19) / size / points / (a_stride + b_stride));

  // Planes are an odd number of cache lines apart, so as not to share the sets of a cache.
  static constexpr std::int64_t plane_of(std::int64_t k) { return (divide_up(k, line) | 1) * line; }
  static constexpr std::int64_t a_plane = plane_of(block * a_stride);
  static constexpr std::int64_t b_plane = plane_of(block * b_stride);
  static constexpr std::int64_t c_plane = plane_of(channels * group * panel);
  static constexpr std::int64_t zero_size = round_up(std::max(channels, filters), line);

  static constexpr std::size_t scratch_bytes(int) {
    return static_cast<std::size_t>((zero_size + points * (a_plane + b_plane + c_plane)) * size);
  }

  template <class Epilogue>
  static void run(team const& workers, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& epilogue, std::byte* scratch) {
    T* const zeros = reinterpret_cast<T*>(scratch);
    T* const a = zeros + zero_size;
    T* const b = a + points * a_plane;
    T* const c = b + points * b_plane;
    if (workers.index == 0) std::fill_n(zeros, zero_size, T(0));
    std::int64_t const all = batch * tiles,
                       blocks = std::max<std::int64_t>(1, divide_up(all, block));
    for (std::int64_t p = 0; p < panels; p += group) {
      std::int64_t const count = std::min(group, panels - p);
      for (std::int64_t i = 0; i < blocks; ++i) {
        // Nobody reads a, b, or the sums of the group before any more.
        workers.barrier();
        // Blocks of nearly equal size, which do not depend on the team.
        std::int64_t const first = all * i / blocks, last = all * (i + 1) / blocks;
        auto const mine = workers.part(last - first);
        for (auto t = mine.begin; t < mine.end; ++t) {
          transform(x, y, first + t, p * panel, count * panel, zeros, a + t * a_stride,
                    b + t * b_stride);
        }
        workers.barrier();
        auto const my_points = workers.part(points);
        for (auto point = my_points.begin; point < my_points.end; ++point) {
          for (std::int64_t q = 0; q < count; ++q) {
            winograd_outer_product<T, Arch, rows, vectors, a_stride, b_stride>(
                a + point * a_plane, b + point * b_plane + q * panel,
                c + point * c_plane + q * channels * panel, channels / rows, last - first, i == 0);
          }
        }
      }
      workers.barrier();
      finish(workers.part(channels * count), c, p * panel, epilogue);
    }
  }

  // A tile of x, and some filters of one of y.
  static void transform(T const* x, T const* y, std::int64_t tile, std::int64_t column,
                        std::int64_t columns, T const* zeros, T* a, T* b) {
    std::int64_t const sample = tile / tiles, t = tile % tiles;
    std::int64_t const top = t / tiles_wide * M, left = t % tiles_wide * M;
    T const* from[n][n];
    for (int i = 0; i < n; ++i) {
      std::int64_t const h = top + i - down.low;
      for (int j = 0; j < n; ++j) {
        std::int64_t const w = left + j - right.low;
        bool const inside = h >= 0 && h < down.in && w >= 0 && w < right.in;
        from[i][j] = inside ? x + ((sample * down.in + h) * right.in + w) * channels : zeros;
      }
    }
    winograd_to_points<winograd_input_line, T, Arch>(from, channels, a, a_plane);
    T const* gradient[M][M];
    for (int i = 0; i < M; ++i) {
      for (int j = 0; j < M; ++j) {
        bool const inside = top + i < down.out && left + j < right.out;
        gradient[i][j] =
            inside ? y + ((sample * down.out + top + i) * right.out + left + j) * filters + column
                   : zeros;
      }
    }
    winograd_to_points<winograd_spread_line, T, Arch>(gradient, columns, b, b_plane);
  }

  // Rows [begin, end) of (panels of the group) x channels.
  template <class Epilogue>
  [[gnu::noinline]] static void finish(span_of_work mine, T const* c, std::int64_t column,
                                       Epilogue const& stated) {
    auto const epilogue = stated;
    for (auto r = mine.begin; r < mine.end; ++r) {
      for (int v = 0; v < vectors; ++v) {
        alignas(64) T out[9 * width];
        winograd_from_points<winograd_gather_line, 3, T, Arch>(c + r * panel + v * width, c_plane,
                                                               out);
        for (int tap = 0; tap < 9; ++tap) {
          epilogue(tap * channels + r % channels, column + r / channels * panel + v * width,
                   xsimd::batch<T, Arch>::load_aligned(out + tap * width), lanes<width>{});
        }
      }
    }
  }
};

TYPEGRAD_QUIET_END

}  // namespace typegrad::on_cpu::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/convolution/sliding.hpp>

// Winograd's algorithm for windows of 3x3 elements that move by one: F(4x4, 3x3) of Lavin and Gray,
// "Fast algorithms for convolutional neural networks" (2015). An output of 4x4 takes 36 products
// instead of 144: those of 6x6 transformed elements of A with the transformed kernel, summed over
// the channels by 36 matrix products, are transformed back. The transforms' rounding errors are
// offset by the sums' being nine times shorter: the error is about twice that of the definition.
namespace typegrad::on_cpu::detail {

TYPEGRAD_QUIET_BEGIN

// A tile has 4x4 outputs, for which 6x6 elements of A are transformed into as many points.
inline constexpr int winograd_outputs = 4, winograd_inputs = 6, winograd_points = 36;

// The transforms of one row or column: `from` and `to` have elements a step apart. The
// polynomials are evaluated at 0, +-1/sqrt(2), +-sqrt(2) and infinity, not at the textbook's +-1
// and
// +-2: the factors are nearer to one another, and the error is a third.
struct winograd_numbers {
  static constexpr double root_of_2 = 1.41421356237309504880;

  template <class B>
  [[gnu::always_inline]] static B number(double x) {
    return B(static_cast<typename B::value_type>(x));
  }
};
// Six elements of A, or three taps of the kernel, to six points; six sums to four outputs.
struct winograd_input_line : winograd_numbers {
  template <class B>
  [[gnu::always_inline]] static void apply(B const* d, int from, B* to, int step) {
    B const d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from];
    B const five_halves = number<B>(2.5), root = number<B>(root_of_2), half = number<B>(0.5);
    B const slope = root * half;
    B const even_1 = xsimd::fnma(number<B>(2), d2, d4), odd_1 = xsimd::fms(slope, d3, root * d1);
    B const even_2 = xsimd::fnma(half, d2, d4), odd_2 = xsimd::fms(root, d3, slope * d1);
    to[0] = xsimd::fnma(five_halves, d2, d[0] + d4);
    to[step] = even_1 + odd_1;
    to[2 * step] = even_1 - odd_1;
    to[3 * step] = even_2 + odd_2;
    to[4 * step] = even_2 - odd_2;
    to[5 * step] = xsimd::fnma(five_halves, d3, d1 + d[5 * from]);
  }
};
struct winograd_kernel_line : winograd_numbers {
  template <class B>
  [[gnu::always_inline]] static void apply(B const* g, int from, B* to, int step) {
    B const g0 = g[0], g1 = g[from], g2 = g[2 * from];
    B const third = number<B>(1.0 / 3), sixth = number<B>(1.0 / 6);
    B const even_1 = xsimd::fnma(number<B>(2.0 / 3), g0, -third * g2);
    B const even_2 = xsimd::fma(sixth, g0, third * g2);
    B const odd_1 = number<B>(root_of_2 / 3) * g1, odd_2 = number<B>(root_of_2 / 6) * g1;
    to[0] = g0;
    to[step] = even_1 - odd_1;
    to[2 * step] = even_1 + odd_1;
    to[3 * step] = even_2 + odd_2;
    to[4 * step] = even_2 - odd_2;
    to[5 * step] = g2;
  }
};
struct winograd_output_line : winograd_numbers {
  template <class B>
  [[gnu::always_inline]] static void apply(B const* m, int from, B* to, int step) {
    B const even_1 = m[from] + m[2 * from], odd_1 = m[from] - m[2 * from];
    B const even_2 = m[3 * from] + m[4 * from], odd_2 = m[3 * from] - m[4 * from];
    B const root = number<B>(root_of_2);
    to[0] = m[0] + even_1 + even_2;
    to[step] = xsimd::fma(number<B>(root_of_2 / 2), odd_1, root * odd_2);
    to[2 * step] = xsimd::fma(number<B>(0.5), even_1, number<B>(2) * even_2);
    to[3 * step] = xsimd::fma(number<B>(root_of_2 / 4), odd_1,
                              xsimd::fma(number<B>(2 * root_of_2), odd_2, m[5 * from]));
  }
};

// Transforms the NxN elements at from[i][j], of `count` channels, by `Line` along the columns, then
// the rows: point (i, j) of the result is in plane 6 i + j.
template <class Line, class T, class Arch, int N>
[[gnu::noinline]] void winograd_to_points(T const* const (&from)[N][N], std::int64_t count, T* to,
                                          std::int64_t plane) {
  using batch = xsimd::batch<T, Arch>;
  constexpr int n = winograd_inputs;
  for (std::int64_t c = 0; c < count; c += width<T, Arch>) {
    batch rows[n * N];
    TYPEGRAD_UNROLL
    for (int j = 0; j < N; ++j) {
      batch column[N];
      TYPEGRAD_UNROLL
      for (int i = 0; i < N; ++i) column[i] = batch::load_unaligned(from[i][j] + c);
      Line::apply(column, 1, rows + j, N);
    }
    TYPEGRAD_UNROLL
    for (int i = 0; i < n; ++i) {
      batch row[n];
      Line::apply(rows + i * N, 1, row, 1);
      TYPEGRAD_UNROLL
      for (int j = 0; j < n; ++j) row[j].store_unaligned(to + (i * n + j) * plane + c);
    }
  }
}

// A panel of the kernel: `rows` of `vectors`, of nine taps.
template <class T>
struct winograd_taps {
  T const* data;
  std::int64_t tap_step, row_step;
};

// Transforms it; the result is packed, points are `plane` apart.
template <class T, class Arch>
[[gnu::noinline]] void winograd_kernel(winograd_taps<T> from, std::int64_t row_count, int vectors,
                                       T* to, std::int64_t plane) {
  using batch = xsimd::batch<T, Arch>;
  constexpr int n = winograd_inputs, width = detail::width<T, Arch>;
  for (std::int64_t r = 0; r < row_count; ++r, from.data += from.row_step) {
    // Rows may be pages apart, where no hardware looks ahead.
    if (r + 8 < row_count) {
      for (int tap = 0; tap < 9; ++tap) {
        for (int v = 0; v < vectors; ++v) {
          __builtin_prefetch(from.data + tap * from.tap_step + 8 * from.row_step + v * width);
        }
      }
    }
    for (int v = 0; v < vectors; ++v, to += width) {
      batch rows[n * 3];
      TYPEGRAD_UNROLL
      for (int j = 0; j < 3; ++j) {
        batch column[3];
        TYPEGRAD_UNROLL
        for (int i = 0; i < 3; ++i) {
          column[i] = batch::load_unaligned(from.data + (3 * i + j) * from.tap_step + v * width);
        }
        winograd_kernel_line::apply(column, 1, rows + j, 3);
      }
      TYPEGRAD_UNROLL
      for (int i = 0; i < n; ++i) {
        batch row[n];
        winograd_kernel_line::apply(rows + i * 3, 1, row, 1);
        TYPEGRAD_UNROLL
        for (int j = 0; j < n; ++j) row[j].store_unaligned(to + (i * n + j) * plane);
      }
    }
  }
}

// Transforms sums back by `Line`, of which those of a point are in a plane; `to` has NxN vectors.
template <class Line, int N, class T, class Arch>
[[gnu::noinline]] void winograd_from_points(T const* from, std::int64_t plane, T* to) {
  using batch = xsimd::batch<T, Arch>;
  constexpr int n = winograd_inputs;
  batch rows[N * n];
  TYPEGRAD_UNROLL
  for (int j = 0; j < n; ++j) {
    batch column[n];
    TYPEGRAD_UNROLL
    for (int i = 0; i < n; ++i) column[i] = batch::load_unaligned(from + (i * n + j) * plane);
    Line::apply(column, 1, rows + j, n);
  }
  TYPEGRAD_UNROLL
  for (int i = 0; i < N; ++i) {
    batch row[N];
    Line::apply(rows + i * n, 1, row, 1);
    TYPEGRAD_UNROLL
    for (int j = 0; j < N; ++j) row[j].store_aligned(to + (i * N + j) * width<T, Arch>);
  }
}

// c = a b for `count` rows of a, one after the other, and a packed panel b; tiles of Rows and,
// last, of half as many. The rows of tiles that are left over belong to nobody.
template <class T, class Arch, int Rows, int Vectors, std::int64_t Stride>
[[gnu::noinline]] void winograd_product(T const* a, T const* b, T* c, std::int64_t count,
                                        std::int64_t steps) {
  auto const multiply = [&]<int R>(lanes<R>) __attribute__((always_inline)) {
    tile<T, Arch, R, Vectors> sum;
    sum.clear();
    sum.contract(steps, row_cursor<T, Stride, 1>{a, Stride, 1}, packed_cursor<T, Arch, Vectors>{b});
    sum.store(c);
    a += R * Stride;
    c += sum.elements;
  };
  for (; count > Rows / 2; count -= Rows) multiply(lanes<Rows>{});
  if (count > 0) multiply(lanes<Rows / 2>{});
}

// The shapes for which the algorithm is worth its transforms.
template <class Problem, class T, class Arch>
constexpr bool suits_winograd() {
  if (!std::is_same_v<T, float> || Problem::parts != 1 || Problem::groups != 1) return false;
  for (int i = 0; i < 3; ++i) {
    window_axis const& a = Problem::over.axes[i];
    if (a.stride != 1 || a.dilation != 1 || a.size != (i == 0 ? 1 : 3)) return false;
    if (i == 0 && (a.in != 1 || a.low != 0)) return false;
  }
  // The products that are left, of those of the definition.
  std::int64_t const high = Problem::part(0).outs[1].count, wide = Problem::part(0).outs[2].count;
  std::int64_t const tiles = divide_up(high, winograd_outputs) * divide_up(wide, winograd_outputs);
  if (tiles * winograd_points * 2 > high * wide * 9) return false;
  std::int64_t const channels = Problem::box.channels, columns = Problem::part(0).columns;
  return channels >= 16 && columns >= 16 && channels % width<T, Arch> == 0 &&
         columns % width<T, Arch> == 0;
}

// From so many tiles on, of all samples, the algorithm is faster than the definition: the kernel's
// transform, which costs as much for few tiles as for many, has paid.
inline constexpr std::int64_t winograd_from = 4;

// Problem as for `sliding`, of one part.
template <class Problem, class T, class Arch>
struct winograd {
  static constexpr int M = winograd_outputs, points = winograd_points;
  static constexpr int width = detail::width<T, Arch>;
  static constexpr correlation over = Problem::part(0);
  static constexpr int vectors = over.columns % (2 * width) == 0 ? 2 : 1;
  static constexpr int rows = (vector_registers<Arch> - 1 - vectors) / vectors / 2 * 2;
  static constexpr std::int64_t size = sizeof(T), line = 64 / size;
  static constexpr sample_box box = Problem::box;
  static constexpr std::int64_t channels = box.channels, columns = over.columns;
  static constexpr std::int64_t high = over.outs[1].count, wide = over.outs[2].count;
  static constexpr std::int64_t tiles_wide = divide_up(wide, M);
  static constexpr std::int64_t tiles = divide_up(high, M) * tiles_wide;  // of a sample
  static constexpr std::int64_t panels = columns / (vectors * width);

  // Planes of taps and of points are an odd number of cache lines apart: they are read and written
  // side by side, so they should not share the sets of a cache.
  static constexpr std::int64_t plane_of(std::int64_t n) { return (divide_up(n, line) | 1) * line; }

  // A panel of the kernel, as it is packed and transformed.
  static constexpr std::int64_t panel_size = channels * vectors * width;
  static constexpr std::int64_t plane = plane_of(panel_size);
  // The problem's kernel is (taps, channels, columns), as it lies.
  static constexpr bool kernel_in_place = requires { Problem::kernel_in_place; };
  // If all of the transformed kernel is as small as this, it is kept; else a panel at a time.
  static constexpr bool resident = points * plane * panels * size <= 5 << 19;

  // Tiles that are worked on at once. Rows of the transformed A are not a power of two apart.
  static constexpr std::int64_t stride = channels + line;
  static constexpr std::int64_t block =
      std::max<std::int64_t>(
          1, (resident ? 4 << 16 : 5 << 20) / size / points / (stride + vectors * width) / rows) *
      rows;
  static constexpr std::int64_t a_plane = plane_of(block * stride);
  static constexpr std::int64_t c_plane = plane_of(block * vectors * width);
  static constexpr std::int64_t a_size = points * a_plane, c_size = points * c_plane;
  static constexpr std::int64_t b_size = points * plane * (resident ? panels : 1);
  static constexpr std::int64_t packed_size = kernel_in_place ? 0 : 9 * plane;
  static constexpr std::int64_t own_size =
      round_up(channels, line) + a_size + c_size + packed_size + (resident ? 0 : b_size);

  static constexpr std::size_t scratch_bytes(int team_size) {
    return static_cast<std::size_t>((own_size * team_size + (resident ? b_size : 0)) * size);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* a, T const* k,
                  Epilogue const& epilogue, std::byte* scratch) {
    if (batch <= 0) return;
    bool const alone = batch * Problem::products < convolution_parallel_from;
    if (alone && members.index != 0) return;
    team const workers = alone ? team{} : members;
    T* const shared = reinterpret_cast<T*>(scratch);
    T* const zeros = shared + (resident ? b_size : 0) + workers.index * own_size;
    T* const left = zeros + round_up(channels, line);
    T* const sums = left + a_size;
    T* const packed = sums + c_size;
    T* const right = resident ? shared : packed + packed_size;
    std::fill_n(zeros, channels, T(0));
    if constexpr (resident) {
      auto const mine = workers.part(panels);
      for (auto p = mine.begin; p < mine.end; ++p) {
        transform_kernel(k, p, packed, right + p * points * plane);
      }
      workers.barrier();
    }
    std::int64_t const all = batch * tiles;
    constexpr std::int64_t grain = rows / 2;
    auto const grid = team_grid::of(workers.size, divide_up(all, grain), panels, !resident);
    auto const mine = team{workers.index / grid.across, grid.down}.part(all, grain);
    auto const my_panels = team{workers.index % grid.across, grid.across}.part(panels);
    std::int64_t const count = mine.end - mine.begin;
    std::int64_t const blocks = divide_up(count, block);
    for (std::int64_t i = 0; i < blocks; ++i) {
      // Blocks of nearly equal size.
      std::int64_t const first = mine.begin + divide_up(count, rows) * i / blocks * rows;
      std::int64_t const last =
          std::min(mine.end, mine.begin + divide_up(count, rows) * (i + 1) / blocks * rows);
      for (auto t = first; t < last; ++t) {
        transform_input(a, batch, t, zeros, left + (t - first) * stride);
      }
      for (auto p = my_panels.begin; p < my_panels.end; ++p) {
        T const* const b = resident ? right + p * points * plane : right;
        if constexpr (!resident) transform_kernel(k, p, packed, right);
        for (int point = 0; point < points; ++point) {
          winograd_product<T, Arch, rows, vectors, stride>(
              left + point * a_plane, b + point * plane, sums + point * c_plane, last - first,
              channels);
        }
        finish(sums, first, last, p * vectors * width, epilogue);
      }
    }
  }

  static void transform_kernel(T const* k, std::int64_t panel, T* packed, T* to) {
    constexpr std::int64_t size_of_row = vectors * width;
    if constexpr (kernel_in_place) {
      winograd_kernel<T, Arch>({k + panel * size_of_row, channels * columns, columns}, channels,
                               vectors, to, plane);
    } else {
      for (int tap = 0; tap < 9; ++tap) {
        Problem::template pack<0, T, Arch>(k, 0, 0, vectors, panel * size_of_row, tap,
                                           packed + tap * plane);
      }
      winograd_kernel<T, Arch>({packed, plane, size_of_row}, channels, vectors, to, plane);
    }
  }

  // The first output of a tile, counted over all samples.
  struct place {
    std::int64_t sample, high, wide;

    static constexpr place of(std::int64_t tile) {
      std::int64_t const t = tile % tiles;
      return {tile / tiles, t / tiles_wide * M, t % tiles_wide * M};
    }
  };

  static void transform_input(T const* a, std::int64_t batch, std::int64_t tile, T const* zeros,
                              T* to) {
    place const p = place::of(tile);
    T const* const sample = a + p.sample * Problem::a_size;
    // What the tiles of the next row will read and those of this one do not.
    constexpr std::int64_t part = Problem::a_size / tiles;
    std::int64_t const ahead =
        p.sample * Problem::a_size + tile % tiles * part + (M + 1) * box.in[2] * channels;
    if (ahead + part <= batch * Problem::a_size) {
      for (std::int64_t i = 0; i < part; i += line) __builtin_prefetch(a + ahead + i, 0, 2);
    }
    T const* from[winograd_inputs][winograd_inputs];
    for (int i = 0; i < winograd_inputs; ++i) {
      std::int64_t const h = p.high + box.begin[1] + i;
      bool const inside = h >= 0 && h < box.in[1];
      for (int j = 0; j < winograd_inputs; ++j) {
        std::int64_t const w = p.wide + box.begin[2] + j;
        from[i][j] =
            inside && w >= 0 && w < box.in[2] ? sample + (h * box.in[2] + w) * channels : zeros;
      }
    }
    winograd_to_points<winograd_input_line, T, Arch>(from, channels, to, a_plane);
  }

  template <class Epilogue>
  [[gnu::noinline]] static void finish(T const* sums, std::int64_t first, std::int64_t last,
                                       std::int64_t column, Epilogue const& stated) {
    auto const epilogue = stated;
    for (auto t = first; t < last; ++t) {
      place const p = place::of(t);
      T const* const from = sums + (t - first) * vectors * width;
      std::int64_t const row =
          p.sample * Problem::rows + p.high * over.row_steps[1] + p.wide * over.row_steps[2];
      for (int v = 0; v < vectors; ++v) {
        alignas(64) T out[M * M * width];
        winograd_from_points<winograd_output_line, M, T, Arch>(from + v * width, c_plane, out);
        T const* at = out;
        for (int i = 0; i < M; ++i) {
          for (int j = 0; j < M; ++j, at += width) {
            if (high % M != 0 && p.high + i >= high) continue;
            if (wide % M != 0 && p.wide + j >= wide) continue;
            epilogue(row + i * over.row_steps[1] + j * over.row_steps[2], column + v * width,
                     xsimd::batch<T, Arch>::load_aligned(at), lanes<width>{});
          }
        }
      }
    }
  }
};

// By the algorithm that is faster for the number of samples.
template <class Problem, class T, class Arch>
struct winograd_or_sliding {
  using winograd = detail::winograd<Problem, T, Arch>;
  using sliding = detail::sliding<Problem, T, Arch>;
  static constexpr bool always = winograd::tiles >= winograd_from;

  static constexpr std::size_t scratch_bytes(int team_size) {
    if constexpr (always) {
      return winograd::scratch_bytes(team_size);
    } else {
      return std::max(winograd::scratch_bytes(team_size), sliding::scratch_bytes(team_size));
    }
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* a, T const* k,
                  Epilogue const& epilogue, std::byte* scratch) {
    if constexpr (!always) {
      if (batch * winograd::tiles < winograd_from) {
        sliding::run(members, batch, a, k, epilogue, scratch);
        return;
      }
    }
    winograd::run(members, batch, a, k, epilogue, scratch);
  }
};

// A convolution, or its input gradient, by the algorithm that suits its shape.
template <class Problem, class T, class Arch, bool = suits_winograd<Problem, T, Arch>()>
struct moving_window : sliding<Problem, T, Arch> {};
template <class Problem, class T, class Arch>
struct moving_window<Problem, T, Arch, true> : winograd_or_sliding<Problem, T, Arch> {};

TYPEGRAD_QUIET_END

}  // namespace typegrad::on_cpu::detail

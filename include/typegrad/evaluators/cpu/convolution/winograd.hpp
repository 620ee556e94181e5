// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/convolution/sliding.hpp>

// Winograd's algorithm for windows of 3x3 elements that move by one: F(2x2, 3x3) of Lavin and Gray,
// "Fast algorithms for convolutional neural networks" (2015). An output of 2x2 takes 16 products
// instead of 36: those of the transformed 4x4 elements of A with the transformed kernel, summed
// over the channels by 16 matrix products, are transformed back. All transforms add few numbers
// (of A and C without factors, of the kernel with 1/2 and 1/4), so the rounding error is about
// that of the definition.
namespace typegrad::cpu::detail {

TYPEGRAD_QUIET_BEGIN

// One row or column of the transforms.
struct winograd_2 {
  template <class B>
  [[gnu::always_inline]] static void input(B const& a, B const& b, B const& c, B const& d, B* to,
                                           int step) {
    to[0] = a - c;
    to[step] = b + c;
    to[2 * step] = c - b;
    to[3 * step] = b - d;
  }
  template <class B>
  [[gnu::always_inline]] static void kernel(B const& a, B const& b, B const& c, B* to, int step) {
    B const half(typename B::value_type(0.5));
    B const ends = (a + c) * half, middle = b * half;
    to[0] = a;
    to[step] = ends + middle;
    to[2 * step] = ends - middle;
    to[3 * step] = c;
  }
  template <class B>
  [[gnu::always_inline]] static void output(B const& a, B const& b, B const& c, B const& d, B* to,
                                            int step) {
    to[0] = a + b + c;
    to[step] = b - c - d;
  }
};

// Transforms the 4x4 elements at from[i][j], of `channels` channels, to to[(4 i + j) * plane].
template <class T, class Arch>
[[gnu::noinline]] void winograd_input(T const* const (&from)[4][4], std::int64_t channels, T* to,
                                      std::int64_t plane) {
  using batch = xsimd::batch<T, Arch>;
  for (std::int64_t c = 0; c < channels; c += width<T, Arch>) {
    batch rows[16], all[16];
    TYPEGRAD_UNROLL
    for (int j = 0; j < 4; ++j) {
      winograd_2::input(batch::load_unaligned(from[0][j] + c), batch::load_unaligned(from[1][j] + c),
                        batch::load_unaligned(from[2][j] + c), batch::load_unaligned(from[3][j] + c),
                        rows + j, 4);
    }
    TYPEGRAD_UNROLL
    for (int i = 0; i < 4; ++i) {
      batch const* const r = rows + 4 * i;
      winograd_2::input(r[0], r[1], r[2], r[3], all + 4 * i, 1);
    }
    TYPEGRAD_UNROLL
    for (int p = 0; p < 16; ++p) all[p].store_unaligned(to + p * plane + c);
  }
}

// Transforms the 3x3 vectors at from[(3 i + j) * count], `count` elements, to to[(4 i + j) * count].
template <class T, class Arch>
[[gnu::noinline]] void winograd_kernel(T const* from, std::int64_t count, T* to,
                                       std::int64_t plane) {
  using batch = xsimd::batch<T, Arch>;
  for (std::int64_t e = 0; e < count; e += width<T, Arch>) {
    batch rows[12], all[16];
    auto const at = [&](int i, int j) __attribute__((always_inline)) {
      return batch::load_unaligned(from + (3 * i + j) * plane + e);
    };
    TYPEGRAD_UNROLL
    for (int j = 0; j < 3; ++j) winograd_2::kernel(at(0, j), at(1, j), at(2, j), rows + j, 3);
    TYPEGRAD_UNROLL
    for (int i = 0; i < 4; ++i) {
      batch const* const r = rows + 3 * i;
      winograd_2::kernel(r[0], r[1], r[2], all + 4 * i, 1);
    }
    TYPEGRAD_UNROLL
    for (int p = 0; p < 16; ++p) all[p].store_unaligned(to + p * plane + e);
  }
}

// c = a b for `blocks` x Rows rows of a, one after the other, and a packed panel b.
template <class T, class Arch, int Rows, int Vectors, std::int64_t Stride>
[[gnu::noinline]] void winograd_product(T const* a, T const* b, T* c, std::int64_t blocks,
                                        std::int64_t steps) {
  using tile = detail::tile<T, Arch, Rows, Vectors>;
  for (; blocks > 0; --blocks, a += Rows * Stride, c += tile::elements) {
    tile sum;
    sum.clear();
    sum.contract(steps, row_cursor<T, Stride, 1>{a, Stride, 1}, packed_cursor<T, Arch, Vectors>{b});
    sum.store(c);
  }
}

// The shapes for which the algorithm is worth its transforms.
template <class Problem, class T, class Arch>
constexpr bool suits_winograd() {
  if (!std::is_same_v<T, float> || Problem::parts != 1 || Problem::groups != 1) return false;
  for (int i = 0; i < 3; ++i) {
    window_axis const& a = Problem::over.axes[i];
    if (a.stride != 1 || a.dilation != 1 || a.size != (i == 0 ? 1 : 3)) return false;
    if (i == 0 && (a.in != 1 || a.low != 0)) return false;
    if (i > 0 && Problem::part(0).outs[i].count < 4) return false;
  }
  std::int64_t const channels = Problem::box.channels, columns = Problem::part(0).columns;
  return channels >= 64 && columns >= 64 && channels % width<T, Arch> == 0 &&
         columns % (2 * width<T, Arch>) == 0;
}

// From so many tiles of 2x2 outputs on, of all samples, the algorithm is faster than the definition:
// the kernel's transform, which costs as much for few tiles as for many, has paid.
inline constexpr std::int64_t winograd_from = 48;

// Problem as for `sliding`, of one part.
template <class Problem, class T, class Arch>
struct winograd {
  static constexpr int width = detail::width<T, Arch>;
  static constexpr int vectors = 2, rows = (vector_registers<Arch> - 1 - vectors) / vectors;
  static constexpr std::int64_t size = sizeof(T), line = 64 / size;
  static constexpr correlation over = Problem::part(0);
  static constexpr sample_box box = Problem::box;
  static constexpr std::int64_t channels = box.channels, columns = over.columns;
  static constexpr std::int64_t high = over.outs[1].count, wide = over.outs[2].count;
  static constexpr std::int64_t tiles_wide = divide_up(wide, 2);
  static constexpr std::int64_t tiles = divide_up(high, 2) * tiles_wide;  // of a sample
  static constexpr std::int64_t panels = columns / (vectors * width);

  // A panel of the kernel, as it is packed and transformed: 9 and 16 planes.
  static constexpr std::int64_t plane = channels * vectors * width;
  // If all of the transformed kernel is as small as this, it is kept; else a panel at a time.
  static constexpr bool resident = 16 * plane * panels * size <= (1 << 20);

  // Tiles that are worked on at once. Rows of the transformed A are not a power of two apart.
  static constexpr std::int64_t stride = channels + line;
  static constexpr std::int64_t block =
      std::max<std::int64_t>(1, (resident ? 5 << 16 : 4 << 20) / size / 16 /
                                    (stride + vectors * width) / rows) *
      rows;
  static constexpr std::int64_t a_size = round_up(16 * block * stride, line);
  static constexpr std::int64_t c_size = 16 * block * vectors * width;
  static constexpr std::int64_t b_size = 16 * plane * (resident ? panels : 1);
  static constexpr std::int64_t own_size =
      round_up(channels, line) + a_size + c_size + 9 * plane + (resident ? 0 : b_size);

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
    T* const right = resident ? shared : packed + 9 * plane;
    std::fill_n(zeros, channels, T(0));
    if constexpr (resident) {
      auto const mine = workers.part(panels);
      for (auto p = mine.begin; p < mine.end; ++p) {
        transform_kernel(k, p, packed, right + p * 16 * plane);
      }
      workers.barrier();
    }
    std::int64_t const all = batch * tiles;
    auto const grid = team_grid::of(workers.size, divide_up(all, rows), panels, !resident);
    auto const mine = team{workers.index / grid.across, grid.down}.part(all, rows);
    auto const my_panels = team{workers.index % grid.across, grid.across}.part(panels);
    std::int64_t const count = mine.end - mine.begin;
    std::int64_t const blocks = divide_up(count, block);
    for (std::int64_t i = 0; i < blocks; ++i) {
      // Blocks of nearly equal size.
      std::int64_t const first = mine.begin + divide_up(count, rows) * i / blocks * rows;
      std::int64_t const last =
          std::min(mine.end, mine.begin + divide_up(count, rows) * (i + 1) / blocks * rows);
      for (auto t = first; t < last; ++t) {
        transform_input(a, t, zeros, left + (t - first) * stride);
      }
      for (auto p = my_panels.begin; p < my_panels.end; ++p) {
        T const* const b = resident ? right + p * 16 * plane : right;
        if constexpr (!resident) transform_kernel(k, p, packed, right);
        for (int point = 0; point < 16; ++point) {
          winograd_product<T, Arch, rows, vectors, stride>(
              left + point * block * stride, b + point * plane,
              sums + point * block * vectors * width, divide_up(last - first, rows), channels);
        }
        finish(sums, first, last, p * vectors * width, epilogue);
      }
    }
  }

  static void transform_kernel(T const* k, std::int64_t panel, T* packed, T* to) {
    for (int tap = 0; tap < 9; ++tap) {
      Problem::template pack<0, T, Arch>(k, 0, 0, vectors, panel * vectors * width, tap,
                                         packed + tap * plane);
    }
    winograd_kernel<T, Arch>(packed, plane, to, plane);
  }

  // The first output of a tile, counted over all samples.
  struct place {
    std::int64_t sample, high, wide;

    static constexpr place of(std::int64_t tile) {
      std::int64_t const t = tile % tiles;
      return {tile / tiles, t / tiles_wide * 2, t % tiles_wide * 2};
    }
  };

  static void transform_input(T const* a, std::int64_t tile, T const* zeros, T* to) {
    place const p = place::of(tile);
    T const* const sample = a + p.sample * Problem::a_size;
    T const* from[4][4];
    for (int i = 0; i < 4; ++i) {
      std::int64_t const h = p.high + box.begin[1] + i;
      bool const inside = h >= 0 && h < box.in[1];
      for (int j = 0; j < 4; ++j) {
        std::int64_t const w = p.wide + box.begin[2] + j;
        from[i][j] = inside && w >= 0 && w < box.in[2] ? sample + (h * box.in[2] + w) * channels
                                                       : zeros;
      }
    }
    winograd_input<T, Arch>(from, channels, to, block * stride);
  }

  template <class Epilogue>
  [[gnu::noinline]] static void finish(T const* sums, std::int64_t first, std::int64_t last,
                                       std::int64_t column, Epilogue const& stated) {
    using batch_t = xsimd::batch<T, Arch>;
    auto const epilogue = stated;
    for (auto t = first; t < last; ++t) {
      place const p = place::of(t);
      T const* const from = sums + (t - first) * vectors * width;
      std::int64_t const row = p.sample * Problem::rows + p.high * over.row_steps[1] +
                               p.wide * over.row_steps[2];
      for (int v = 0; v < vectors; ++v) {
        batch_t half[8], out[4];
        auto const at = [&](int point) __attribute__((always_inline)) {
          return batch_t::load_unaligned(from + point * block * vectors * width + v * width);
        };
        TYPEGRAD_UNROLL
        for (int j = 0; j < 4; ++j) {
          winograd_2::output(at(j), at(4 + j), at(8 + j), at(12 + j), half + j, 4);
        }
        TYPEGRAD_UNROLL
        for (int i = 0; i < 2; ++i) {
          batch_t const* const h = half + 4 * i;
          winograd_2::output(h[0], h[1], h[2], h[3], out + 2 * i, 1);
        }
        TYPEGRAD_UNROLL
        for (int i = 0; i < 4; ++i) {
          if (high % 2 != 0 && p.high + i / 2 >= high) continue;
          if (wide % 2 != 0 && p.wide + i % 2 >= wide) continue;
          epilogue(row + i / 2 * over.row_steps[1] + i % 2 * over.row_steps[2],
                   column + v * width, out[i], lanes<width>{});
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

}  // namespace typegrad::cpu::detail

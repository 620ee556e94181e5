// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/tile.hpp>

// A tile of a matrix product on tensor cores: operands are rounded to 11 bits of precision (float16
// and bfloat16 have no more), products are summed in float32.

TYPEGRAD_ON_THRUST_BEGIN

#if TYPEGRAD_CUDA

template <tile_shape Shape, class A, class B>
struct tensor_tile_product {
  using real = float;
  static constexpr int threads = Shape.threads();
  // 8 more columns in shared memory: then a warp's fragments come from 32 different banks.
  static constexpr int pad = 8;
  static constexpr int a_stride = Shape.rows + pad;
  static constexpr int b_stride = Shape.columns + pad;

  /// What a warp computes: 16 x 8 elements an instruction.
  static constexpr int warp_rows = Shape.rows >= 64 ? 32 : 16;
  static constexpr int warp_columns = Shape.rows >= 64 ? 32 : 16;
  static constexpr int warps_across = Shape.columns / warp_columns;
  static constexpr int places = Shape.rows / warp_rows * warps_across;
  static constexpr int slices = threads / 32 / places;
  static constexpr int slice_depth = Shape.depth / slices;
  static_assert(slices >= 1 && slice_depth % 8 == 0);
  static constexpr int down = warp_rows / 16, across = warp_columns / 8;

  static constexpr int stage_elements = Shape.depth * (a_stride + b_stride);
  static constexpr int sums_elements = slices * Shape.rows * Shape.columns;
  static constexpr std::size_t shared_bytes =
      sizeof(float) * static_cast<std::size_t>(
                          2 * stage_elements > sums_elements ? 2 * stage_elements : sums_elements);

  /// As `tile_product::run`.
  TYPEGRAD_DEVICE static float const* run(group<threads> const& g, A const& a, B const& b,
                                          std::int64_t row, std::int64_t column, std::int64_t begin,
                                          std::int64_t end) {
    auto* const memory = reinterpret_cast<float*>(g.shared);
    int const warp = g.rank() / 32, lane = g.rank() % 32;
    int const slice = warp / places, within = warp % places;
    int const my_row = within / warps_across * warp_rows + lane / 4;
    int const my_column = within % warps_across * warp_columns + lane / 4;
    int const my_depth = slice * slice_depth + lane % 4;

    float sums[down][across][4] = {};
    tile_fetcher<A, Shape.rows, Shape.depth, pad, Shape.ahead, true> of_a(a, row);
    tile_fetcher<B, Shape.columns, Shape.depth, pad, Shape.ahead, true> of_b(b, column);
#pragma unroll
    for (int p = 0; p < Shape.ahead; ++p) {
      of_a.fetch(p, begin + p * Shape.depth, end);
      of_b.fetch(p, begin + p * Shape.depth, end);
    }
    int stage = 0;
    g.sync();  // the memory's last user is done
    for (std::int64_t first = begin; first < end; first += Shape.ahead * Shape.depth) {
#pragma unroll
      for (int p = 0; p < Shape.ahead; ++p) {
        std::int64_t const k = first + p * Shape.depth;
        if (k >= end) break;
        float* const stage_a = memory + stage * stage_elements;
        float* const stage_b = stage_a + Shape.depth * a_stride;
        of_a.put(p, stage_a);
        of_b.put(p, stage_b);
        g.sync();
        if (k + Shape.ahead * Shape.depth < end) {
          of_a.fetch(p, k + Shape.ahead * Shape.depth, end);
          of_b.fetch(p, k + Shape.ahead * Shape.depth, end);
        }
#pragma unroll
        for (int d = 0; d < slice_depth; d += 8) {
          float const* const x = stage_a + (my_depth + d) * a_stride + my_row;
          float const* const y = stage_b + (my_depth + d) * b_stride + my_column;
          std::uint32_t left[down][4], right[across][2];
#pragma unroll
          for (int i = 0; i < down; ++i) {
            left[i][0] = __float_as_uint(x[16 * i]);
            left[i][1] = __float_as_uint(x[16 * i + 8]);
            left[i][2] = __float_as_uint(x[16 * i + 4 * a_stride]);
            left[i][3] = __float_as_uint(x[16 * i + 4 * a_stride + 8]);
          }
#pragma unroll
          for (int j = 0; j < across; ++j) {
            right[j][0] = __float_as_uint(y[8 * j]);
            right[j][1] = __float_as_uint(y[8 * j + 4 * b_stride]);
          }
#pragma unroll
          for (int i = 0; i < down; ++i)
#pragma unroll
            for (int j = 0; j < across; ++j) multiply(sums[i][j], left[i], right[j]);
        }
        stage ^= 1;
      }
    }
    g.sync();
    int const first_row = within / warps_across * warp_rows + lane / 4;
    int const first_column = within % warps_across * warp_columns + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < down; ++i)
#pragma unroll
      for (int j = 0; j < across; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          float* const to = memory +
                            (slice * Shape.rows + first_row + 16 * i + 8 * half) * Shape.columns +
                            first_column + 8 * j;
          to[0] = sums[i][j][2 * half];
          to[1] = sums[i][j][2 * half + 1];
        }
    g.sync();
    add_slices<slices, Shape.rows * Shape.columns>(g, memory);
    return memory;
  }

 private:
  /// c += a b, for fragments of 16 x 8, 8 x 8 and 16 x 8 elements.
  TYPEGRAD_DEVICE static void multiply(float (&c)[4], std::uint32_t const (&a)[4],
                                       std::uint32_t const (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
        "{%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
};

#endif

TYPEGRAD_ON_THRUST_END

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <cstring>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient_plan.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>

// One register tile of a kernel's gradient: its part of a block, and its way to the epilogue.
namespace typegrad::on_cpu::detail {

// Elements of x that a tile's rows read in one step, and from one step to the next.
template <class Plan, class Arch, class T>
struct gradient_cursor {
  T const* data;

  [[gnu::always_inline]] auto at(int row) const {
    if constexpr (Plan::paired) {
      double both;
      std::memcpy(&both, data + Plan::offset_of(row), sizeof both);
      return xsimd::bitwise_cast<T>(xsimd::batch<double, Arch>(both));
    } else {
      return data[Plan::offset_of(row)];
    }
  }
  [[gnu::always_inline]] void next() {
    if constexpr (Plan::prefetched) __builtin_prefetch(data + Plan::next_tile - 1, 0, 2);
    data += Plan::axes[2].stride * Plan::distance[2];
#if defined(__GNUC__)
    // Rows read in the next step what others read in this one. Unless that is hidden, g++ carries
    // all of it over in registers that there are not.
    __asm__("" : "+r"(data));
#endif
  }
};

// A panel of y. Where it is a part of y's lines in place, which come from far, it is fetched ahead.
template <class Plan, class Arch, class T, int Vectors, class Tail>
struct panel_cursor : column_cursor<T, Arch, Vectors, Plan::y_step(Vectors), Tail> {
  [[gnu::always_inline]] void next() {
    constexpr std::int64_t step = Plan::y_step(Vectors), ahead = 32;
    if constexpr (step > Vectors * width<T, Arch>) {
      TYPEGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        __builtin_prefetch(this->data + ahead * step + v * width<T, Arch>);
      }
    }
    this->data += step;
  }
};

// Adds a block's part to the sums of one tile: the function in which all arithmetic is done. `x`
// and `y` are at the block's first window, of the tile's first row and column.
template <class Plan, int Vectors, int Rows, class Arch, class T, class Tail>
[[gnu::noinline]] void add_to_tile(T const* x, T const* y, gradient_block const& at, bool first,
                                   Tail tail, T* sums) {
  constexpr auto const& axes = Plan::axes;
  constexpr std::int64_t step0 = axes[0].stride * Plan::distance[0];
  constexpr std::int64_t step1 = axes[1].stride * Plan::distance[1];
  constexpr std::int64_t step2 = axes[2].stride * Plan::distance[2];
  tile<T, Arch, Rows, Vectors> c;
  if (first) {
    c.clear();
  } else {
    c.load(sums);
  }
  std::int64_t lines = at.count[1], steps = at.count[2];
  constexpr std::int64_t y_step = Plan::y_step(Vectors);
  constexpr std::int64_t y_line = Plan::y_extent(2) * y_step, y_plane = Plan::y_extent(1) * y_line;
  if constexpr (step1 == Plan::y_extent(2) * step2) {
    if (steps == Plan::y_extent(2)) {  // lines follow one another without a gap
      steps *= lines;
      lines = 1;
    }
  }
  for (std::int64_t n = 0; n * Plan::together < at.samples; ++n) {
    T const* plane_x = x + n * Plan::sample_distance;
    T const* plane_y = y + n * (Plan::y_extent(0) * y_plane);
    for (std::int64_t i = 0; i < at.count[0]; ++i) {
      T const *line_x = plane_x, *line_y = plane_y;
      for (std::int64_t j = 0; j < lines; ++j) {
        c.contract(steps, gradient_cursor<Plan, Arch, T>{line_x},
                   panel_cursor<Plan, Arch, T, Vectors, Tail>{{line_y, y_step, tail}});
        line_x += step1;
        line_y += y_line;
      }
      plane_x += step0;
      plane_y += y_plane;
    }
  }
  c.store(sums);
}

// Hands a tile's rows from `skip` on to the epilogue, each the sum of `chunks` sums that are
// `stride` apart. Paired: lanes 2 f and 2 f + 1 are parts of column f.
template <int Vectors, bool Paired, class Arch, class T, class Tail, class Epilogue>
[[gnu::noinline]] void finish_tile(T const* sums, std::int64_t stride, std::int64_t chunks,
                                   row_tile at, std::int64_t column, Tail tail,
                                   Epilogue const& stated) {
  auto const epilogue = stated;
  constexpr int width = detail::width<T, Arch>;
  for (int r = at.skip; r < at.height; ++r) {
    TYPEGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      T const* p = sums + (r * Vectors + v) * width;
      auto sum = xsimd::batch<T, Arch>::load_unaligned(p);
      for (std::int64_t i = 1; i < chunks; ++i) {
        sum += xsimd::batch<T, Arch>::load_unaligned(p + i * stride);
      }
      if constexpr (Paired) {
        alignas(64) T both[2 * width] = {};
        sum.store_unaligned(both);
        for (int i = 0; i < width; ++i) both[i] = both[2 * i] + both[2 * i + 1];
        sum = xsimd::batch<T, Arch>::load_unaligned(both);
      }
      if (v < Vectors - 1) {
        epilogue(at.row + r, column + v * width, sum, lanes<width>{});
      } else {
        epilogue(at.row + r, column + v * width, sum, tail);
      }
    }
  }
}

}  // namespace typegrad::on_cpu::detail

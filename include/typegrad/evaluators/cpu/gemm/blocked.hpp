// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/gemm/pack.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

// The packed, cache-blocked product: a block of A and panels of B are copied into the order in
// which tiles read them. The general case, and the fast one for large extents.
namespace typegrad::cpu::detail {

constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) { return divide_up(a, b) * b; }

template <gemm_shape Shape, class T, class Arch>
struct blocked {
  using sizes = tile_of<Arch>;
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t bytes = sizeof(T);

  // The contraction is cut into equal parts of at most `depth`, so that a block of A stays in L2.
  static constexpr std::int64_t depth_limit = 4096 / bytes;
  static constexpr std::int64_t depth =
      Shape.k == 0 ? depth_limit : divide_up(Shape.k, divide_up(Shape.k, depth_limit));
  static constexpr std::int64_t block_rows_limit =
      std::max<std::int64_t>(1, (384 << 10) / bytes / depth / sizes::rows) * sizes::rows;
  static constexpr std::int64_t block_rows =
      Shape.m == 0 ? std::min<std::int64_t>(block_rows_limit, 512)
                   : std::min(round_up(Shape.m, sizes::rows), block_rows_limit);
  static constexpr std::int64_t block_vectors_limit =
      std::max<std::int64_t>(1, (1 << 20) / bytes / depth / width / sizes::vectors) *
      sizes::vectors;
  static constexpr std::int64_t block_vectors =
      Shape.n == 0 ? std::min<std::int64_t>(block_vectors_limit, 64 * sizes::vectors)
                   : std::min(divide_up(Shape.n, width), block_vectors_limit);
  static constexpr bool may_split = Shape.k == 0 || Shape.k > depth;

  static constexpr std::int64_t elements_a = round_up(block_rows * depth, 16);
  static constexpr std::int64_t elements_b = block_vectors * width * depth;
  static constexpr std::int64_t elements_c = may_split ? block_rows * block_vectors * width : 0;
  static constexpr std::size_t bytes_per_thread =
      static_cast<std::size_t>((elements_a + elements_b + elements_c) * bytes);

  template <class A, class B, class Epilogue>
  static void run(team const& team, std::int64_t m, std::int64_t n, std::int64_t k, A const& a,
                  B const& b, Epilogue& epilogue, std::byte* scratch) {
    auto* const packed_a = reinterpret_cast<T*>(
        scratch + static_cast<std::size_t>(team.index) * bytes_per_thread);
    T* const packed_b = packed_a + elements_a;
    T* const partial = packed_b + elements_b;

    bool const by_rows = divide_up(m, sizes::rows) >= divide_up(n, sizes::vectors * width);
    auto const rows = by_rows ? team.part(m, sizes::rows) : span_of_work{0, m};
    auto const columns =
        by_rows ? span_of_work{0, n} : team.part(n, sizes::vectors * width);

    for (std::int64_t j = columns.begin; j < columns.end; j += block_vectors * width) {
      std::int64_t const nc = std::min(block_vectors * width, columns.end - j);
      for (std::int64_t i = rows.begin; i < rows.end; i += block_rows) {
        std::int64_t const mc = std::min(block_rows, rows.end - i);
        std::int64_t p = 0;
        do {
          std::int64_t const kc = std::min(depth, k - p);
          if (may_split || i == rows.begin) {
            pack_block_b(b, j, nc, p, kc, packed_b);
          }
          for (std::int64_t r = 0; r < mc; r += sizes::rows) {
            pack_rows<Shape.transposed_a, sizes::rows, T, Arch>(
                a, i + r, static_cast<int>(std::min<std::int64_t>(sizes::rows, mc - r)), p, kc,
                packed_a + r * kc);
          }
          multiply_block(i, mc, j, nc, kc, p == 0, p + kc == k, packed_a, packed_b, partial,
                         epilogue);
          p += kc;
        } while (p < k);
      }
    }
  }

  template <class F>
  [[gnu::always_inline]] static void for_each_panel(std::int64_t columns, F&& body) {
    auto const cut = panels::of(divide_up(columns, width), sizes::vectors);
    std::int64_t v = 0;
    for (std::int64_t j = 0; j < cut.wide; ++j, v += 3) body(lanes<3>{}, v);
    for (std::int64_t j = 0; j < cut.medium; ++j, v += 2) body(lanes<2>{}, v);
    for (std::int64_t j = 0; j < cut.narrow; ++j, v += 1) body(lanes<1>{}, v);
  }

  template <class B>
  static void pack_block_b(B const& b, std::int64_t j, std::int64_t nc, std::int64_t p,
                           std::int64_t kc, T* packed) {
    for_each_panel(nc, [&](auto vectors, std::int64_t v) {
      pack_columns<Shape.transposed_b, vectors(), T, Arch>(b, j + v * width, nc - v * width, p, kc,
                                                           packed + v * width * kc);
    });
  }

  template <class Epilogue>
  static void multiply_block(std::int64_t i, std::int64_t mc, std::int64_t j, std::int64_t nc,
                             std::int64_t kc, bool first, bool last, T const* packed_a,
                             T const* packed_b, T* partial, Epilogue& epilogue) {
    for_each_panel(nc, [&](auto vectors, std::int64_t v) {
      for (std::int64_t r = 0; r < mc; r += sizes::rows) {
        tile<T, Arch, sizes::rows, vectors()> c;
        T* const saved = partial + (r * block_vectors + v * sizes::rows) * width;
        if (first) {
          c.clear();
        } else {
          c.load(saved);
        }
        c.contract(kc, packed_rows<T, sizes::rows>{packed_a + r * kc},
                   packed_columns<T, Arch, vectors()>{packed_b + v * width * kc});
        if (!last) {
          c.store(saved);
          continue;
        }
        int const existing = static_cast<int>(std::min<std::int64_t>(sizes::rows, mc - r));
        if constexpr (Shape.n != 0 && Shape.n % width == 0) {
          c.finish(i + r, j + v * width, 0, existing, lanes<width>{}, epilogue);
        } else {
          std::int64_t const left = nc - (v + vectors() - 1) * width;
          c.finish(i + r, j + v * width, 0, existing,
                   static_cast<int>(std::min<std::int64_t>(left, width)), epilogue);
        }
      }
    });
  }
};

}  // namespace typegrad::cpu::detail

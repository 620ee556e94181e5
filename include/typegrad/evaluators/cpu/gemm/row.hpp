// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/evaluators/cpu/gemm/cut.hpp>
#include <typegrad/evaluators/cpu/gemm/tile.hpp>
#include <typegrad/evaluators/cpu/gemm/transpose.hpp>

// One row times a matrix: bound by reading B once, in order.
namespace typegrad::on_cpu::detail {

// A row of A in memory in runs of consecutive elements: in place, or evaluated run by run.
template <bool Transposed, class T, class Arch, class A>
struct row_source {
  static constexpr bool in_place = is_strided<A, T> && !Transposed;
  static constexpr std::int64_t run = 64;  // elements; a multiple of every vector's width

  as_loader<T, Arch, A> const& a;
  std::int64_t row;

  // How many elements from step p on the next call of `at` gives.
  [[gnu::always_inline]] std::int64_t length(std::int64_t p, std::int64_t k) const {
    return in_place ? k - p : std::min(run, k - p);
  }
  [[gnu::always_inline]] T const* at(std::int64_t p, std::int64_t count, T* buffer) const {
    if constexpr (in_place) {
      return a.at(row, p);
    } else if constexpr (Transposed) {
      for (std::int64_t i = 0; i < count; ++i) buffer[i] = a.load(p + i, row);
    } else {
      constexpr int width = detail::width<T, Arch>;
      std::int64_t i = 0;
      for (; i + width <= count; i += width) a.load_batch(row, p + i).store_unaligned(buffer + i);
      if (i < count) {
        a.load_partial(row, p + i, static_cast<int>(count - i)).store_unaligned(buffer + i);
      }
    }
    return buffer;
  }
};

// A loader's vectors of B, read in place.
template <class T, class Arch, int Vectors, class Loader, class Tail>
struct loader_cursor {
  Loader const& b;
  std::int64_t row, column;
  Tail tail;

  [[gnu::always_inline]] xsimd::batch<T, Arch> at(int v) const {
    constexpr int width = detail::width<T, Arch>;
    if constexpr (!std::is_same_v<Tail, lanes<width>>) {
      if (v == Vectors - 1 && tail < width) return b.load_partial(row, column + v * width, tail);
    }
    return b.load_batch(row, column + v * width);
  }
  [[gnu::always_inline]] void next() { ++row; }
};

// B as it is: each step of the contraction adds a multiple of a row of B. With few vectors of
// columns, `Chains` steps have sums of their own, to hide the latency of the additions.
template <int Vectors, int Chains, class Arch, class T, class Source, class B, class Tail,
          class Epilogue>
[[gnu::noinline]] void add_rows(Source const& a, std::int64_t k, B b, std::int64_t row,
                                std::int64_t column, Tail tail, Epilogue const& stated) {
  auto const epilogue = stated;
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  batch sum[Chains][Vectors];
  TYPEGRAD_UNROLL
  for (int c = 0; c < Chains; ++c) {
    TYPEGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[c][v] = batch(T(0));
  }
  alignas(64) T buffer[Source::in_place ? 1 : Source::run];
  for (std::int64_t p = 0; p < k;) {
    std::int64_t left = a.length(p, k);
    T const* x = a.at(p, left, buffer);
    p += left;
    TYPEGRAD_NO_UNROLL
    for (; left >= Chains; left -= Chains, x += Chains) {
      TYPEGRAD_UNROLL
      for (int c = 0; c < Chains; ++c) {
        batch const scale(x[c]);
        TYPEGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[c][v] = xsimd::fma(scale, b.at(v), sum[c][v]);
        b.next();
      }
    }
    if constexpr (Chains > 1) {
      TYPEGRAD_NO_UNROLL
      for (; left > 0; --left, ++x) {
        batch const scale(*x);
        TYPEGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[0][v] = xsimd::fma(scale, b.at(v), sum[0][v]);
        b.next();
      }
    }
  }
  TYPEGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    TYPEGRAD_UNROLL
    for (int c = 1; c < Chains; ++c) sum[0][v] += sum[c][v];
    if (v < Vectors - 1) {
      epilogue(row, column + v * width, sum[0][v], lanes<width>{});
    } else {
      epilogue(row, column + v * width, sum[0][v], tail);
    }
  }
}

// B transposed: an element of C is the product of two rows in memory. `width` of them at once, the
// first of B at `rows`.
template <class Arch, class T, class Source>
[[gnu::noinline]] xsimd::batch<T, Arch> multiply_rows(Source const& a, std::int64_t k,
                                                      T const* rows, std::int64_t stride) {
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  batch sum[width];
  TYPEGRAD_UNROLL
  for (int j = 0; j < width; ++j) sum[j] = batch(T(0));
  alignas(64) T buffer[Source::in_place ? 1 : Source::run];
  for (std::int64_t p = 0; p < k;) {
    std::int64_t left = a.length(p, k);
    T const* x = a.at(p, left, buffer);
    p += left;
    TYPEGRAD_NO_UNROLL
    for (; left >= width; left -= width, x += width, rows += width) {
      batch const scale = batch::load_unaligned(x);
      T const* four = rows;
      TYPEGRAD_UNROLL
      for (int j = 0; j < width; ++j) {
        sum[j] = xsimd::fma(scale, batch::load_unaligned(four + j % 4 * stride), sum[j]);
        if (j % 4 == 3) four += 4 * stride;
      }
    }
    if (left > 0) {
      int const count = static_cast<int>(left);
      batch const scale = load_partial<Arch>(x, count);
      T const* four = rows;
      TYPEGRAD_UNROLL
      for (int j = 0; j < width; ++j) {
        sum[j] = xsimd::fma(scale, load_partial<Arch>(four + j % 4 * stride, count), sum[j]);
        if (j % 4 == 3) four += 4 * stride;
      }
      rows += count;
    }
  }
  transpose(sum);
  batch total[4] = {sum[0], sum[1], batch(T(0)), batch(T(0))};
  if constexpr (width >= 4) {
    total[2] = sum[2];
    total[3] = sum[3];
    TYPEGRAD_UNROLL
    for (int j = 4; j < width; ++j) total[j % 4] += sum[j];
  }
  return (total[0] + total[1]) + (total[2] + total[3]);
}

// One element of C.
template <class Arch, class T, class Source, class B>
[[gnu::noinline]] T multiply_row(Source const& a, std::int64_t k, B const& b, std::int64_t column) {
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  batch sum(T(0));
  alignas(64) T buffer[Source::in_place ? 1 : Source::run];
  for (std::int64_t p = 0; p < k;) {
    std::int64_t left = a.length(p, k);
    T const* x = a.at(p, left, buffer);
    for (; left >= width; left -= width, p += width, x += width) {
      sum = xsimd::fma(batch::load_unaligned(x), b.load_batch(column, p), sum);
    }
    if (left > 0) {
      int const count = static_cast<int>(left);
      sum = xsimd::fma(load_partial<Arch>(x, count), b.load_partial(column, p, count), sum);
      p += left;
    }
  }
  T lane[width];
  sum.store_unaligned(lane);
  T total(0);
  for (T const x : lane) total += x;
  return total;
}

template <gemm_shape Shape, class T, class Arch, class A, class B>
struct one_row {
  static constexpr int width = detail::width<T, Arch>;
  static constexpr int widest = Shape.transposed_b ? 1 : 8;
  static constexpr int latency = 8;  // independent sums that keep the multipliers busy

  template <class Epilogue>
  static void run(team const& members, std::int64_t row, std::int64_t n, std::int64_t k,
                  as_loader<T, Arch, A> const& a, as_loader<T, Arch, B> const& b,
                  Epilogue const& epilogue) {
    row_source<Shape.transposed_a, T, Arch, A> const source{a, row};
    std::int64_t const vectors = divide_up(n, width);
    auto const mine = members.part(vectors, widest);
    std::int64_t v = mine.begin;
    if constexpr (Shape.n == 0 || divide_up(Shape.n, width) >= widest) {
      for (; v + widest <= mine.end; v += widest) run_panel<widest>(n, k, source, b, v, epilogue);
    }
    if constexpr (Shape.n == 0) {
      for (; v < mine.end; ++v) run_panel<1>(n, k, source, b, v, epilogue);
    } else if constexpr (divide_up(Shape.n, width) % widest != 0) {
      if (v < mine.end) {
        run_panel<divide_up(Shape.n, width) % widest>(n, k, source, b, v, epilogue);
      }
    }
  }

  template <int Vectors, class Source, class Epilogue>
  [[gnu::always_inline]] static void run_panel(std::int64_t n, std::int64_t k, Source const& source,
                                               as_loader<T, Arch, B> const& b, std::int64_t v,
                                               Epilogue const& epilogue) {
    std::int64_t const left = n - (v + Vectors - 1) * width;
    if constexpr (Shape.n != 0 && Shape.n % width == 0) {
      compute<Vectors>(k, source, b, v * width, lanes<width>{}, epilogue);
    } else if constexpr (Shape.n != 0 && Shape.n < Vectors * width) {
      compute<Vectors>(k, source, b, v * width, lanes<static_cast<int>(Shape.n % width)>{},
                       epilogue);
    } else {
      compute<Vectors>(k, source, b, v * width,
                       static_cast<int>(std::min<std::int64_t>(left, width)), epilogue);
    }
  }

  template <int Vectors, class Source, class Tail, class Epilogue>
  [[gnu::always_inline]] static void compute(std::int64_t k, Source const& source,
                                             as_loader<T, Arch, B> const& b, std::int64_t column,
                                             Tail tail, Epilogue const& epilogue) {
    constexpr int chains = Vectors >= latency ? 1 : latency / Vectors;
    if constexpr (Shape.transposed_b) {
      multiply(k, source, with_stride(b), column, tail, epilogue);
    } else if constexpr (is_strided<B, T>) {
      column_cursor<T, Arch, Vectors, B::stride_if_static, Tail> const cursor{
          b.at(0, column), b.source.stride(), tail};
      add_rows<Vectors, chains, Arch, T>(source, k, cursor, source.row, column, tail, epilogue);
    } else {
      loader_cursor<T, Arch, Vectors, as_loader<T, Arch, B>, Tail> const cursor{b, 0, column, tail};
      add_rows<Vectors, chains, Arch, T>(source, k, cursor, source.row, column, tail, epilogue);
    }
  }

  template <class Source, class Columns, class Tail, class Epilogue>
  [[gnu::always_inline]] static void multiply(std::int64_t k, Source const& source,
                                              Columns const& b, std::int64_t column, Tail tail,
                                              Epilogue const& epilogue) {
    auto const a = with_stride(source.a);
    using plain = std::conditional_t<is_strided<A, T>, strided<T>, A>;
    row_source<Shape.transposed_a, T, Arch, plain> const shared{a, source.row};
    if constexpr (is_strided<B, T>) {
      if (tail == width) {
        epilogue(source.row, column,
                 multiply_rows<Arch, T>(shared, k, b.at(column, 0), b.source.stride()), tail);
        return;
      }
    }
    alignas(64) T sums[width] = {};
    for (int j = 0; j < tail; ++j) sums[j] = multiply_row<Arch, T>(shared, k, b, column + j);
    epilogue(source.row, column, xsimd::batch<T, Arch>::load_unaligned(sums), tail);
  }
};

}  // namespace typegrad::on_cpu::detail

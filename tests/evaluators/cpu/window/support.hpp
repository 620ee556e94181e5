// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/guarded.hpp"

#include <typegrad/evaluators/cpu/window.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <vector>

// The window kernels against plain loops.

namespace windows {

using namespace typegrad;
using on_cpu::pooling_shape;

using support::guarded;

/// Writes the result, and counts how often each element is written.
template <class T, bool Heavy>
struct counting_epilogue {
  static constexpr bool heavy = Heavy;
  T* data;
  int* calls;
  std::int64_t channels;

  template <class V, class N>
  void operator()(std::int64_t row, std::int64_t column, V x, N n) const {
    on_cpu::store_partial(data + row * channels + column, x, n);
    int const count = n;
    for (int i = 0; i < count; ++i) ++calls[row * channels + column + i];
  }
};
/// The same, of several rows at once.
template <class T, bool Heavy>
struct run_epilogue : counting_epilogue<T, Heavy> {
  template <std::int64_t Columns>
  static constexpr bool takes_runs = true;

  template <std::int64_t Columns, class V, class N>
  void run_of(std::int64_t row, std::int64_t column, V x, N n) const {
    (*this)(row, column, x, n);
  }
};
template <class T>
struct result {
  std::vector<T> values;
  bool complete = true;  ///< each element was written once
};

template <class Kernel, class Epilogue, class T, class... Operands>
result<T> run(pooling_shape const& shape, std::size_t size, int threads, std::int64_t batch,
              Operands const*... operands) {
  result<T> out{std::vector<T>(size)};
  guarded<T> memory(size);
  std::vector<int> calls(size);
  // scratch memory ends in front of an inaccessible page, and holds what is no number
  std::size_t const bytes = (Kernel::scratch_bytes(threads) + 63) / 64 * 64;
  guarded<std::byte> scratch(bytes);
  if (bytes > 0) std::memset(scratch.data(), 0xFF, bytes);
  on_cpu::team_state state;
  auto const member = [&](int index) {
    Kernel::run(on_cpu::team{index, threads, &state}, batch, operands...,
                Epilogue{counting_epilogue<T, Epilogue::heavy>{memory.data(), calls.data(),
                                                               shape.channels}},
                scratch.data());
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(member, i);
  member(0);
  for (std::thread& t : others) t.join();
  for (std::size_t i = 0; i < size; ++i) {
    out.values[i] = memory[i];
    out.complete = out.complete && calls[i] == 1;
  }
  return out;
}

/// f(window's number, element's number or -1 in padding) for the taps of all windows of a sample.
template <class F>
void each_tap(window const& w, F&& f) {
  auto const& [a, b, c] = w.axes;
  std::int64_t number = 0;
  for (std::int64_t o0 = 0; o0 < a.out; ++o0)
    for (std::int64_t o1 = 0; o1 < b.out; ++o1)
      for (std::int64_t o2 = 0; o2 < c.out; ++o2, ++number)
        for (std::int64_t t0 = 0; t0 < a.size; ++t0)
          for (std::int64_t t1 = 0; t1 < b.size; ++t1)
            for (std::int64_t t2 = 0; t2 < c.size; ++t2) {
              std::int64_t const i0 = o0 * a.stride + t0 * a.dilation - a.low;
              std::int64_t const i1 = o1 * b.stride + t1 * b.dilation - b.low;
              std::int64_t const i2 = o2 * c.stride + t2 * c.dilation - c.low;
              bool const inside =
                  i0 >= 0 && i0 < a.in && i1 >= 0 && i1 < b.in && i2 >= 0 && i2 < c.in;
              f(number, inside ? (i0 * b.in + i1) * c.in + i2 : -1);
            }
}

/// All five kernels' results of one problem, by plain loops.
template <class T>
struct expected {
  std::vector<T> max, sum, gather, spread, scatter;

  expected(pooling_shape const& s, std::int64_t batch, T const* x, T const* y, T const* z) {
    auto const in = static_cast<std::size_t>(s.over.positions_in() * s.channels);
    auto const out = static_cast<std::size_t>(s.over.positions_out() * s.channels);
    auto const n = static_cast<std::size_t>(batch);
    max.assign(n * out, -std::numeric_limits<T>::infinity());
    sum.assign(n * out, T(0));
    gather.assign(n * out, T(0));
    spread.assign(n * in, T(0));
    scatter.assign(n * in, T(0));
    std::vector<std::int64_t> winner(n * out, -1);
    for (std::size_t b = 0; b < n; ++b)
      each_tap(s.over, [&](std::int64_t o, std::int64_t i) {
        if (i < 0) return;
        for (std::int64_t c = 0; c < s.channels; ++c) {
          auto const to = b * out + static_cast<std::size_t>(o * s.channels + c);
          auto const from = b * in + static_cast<std::size_t>(i * s.channels + c);
          sum[to] += x[from];
          spread[from] += y[to];
          bool const wins =
              winner[to] < 0 || x[from] > max[to] || (std::isnan(x[from]) && !std::isnan(max[to]));
          if (!wins) continue;
          max[to] = x[from];
          gather[to] = z[from];
          winner[to] = static_cast<std::int64_t>(from);
        }
      });
    for (std::size_t i = 0; i < winner.size(); ++i)
      if (winner[i] >= 0) scatter[static_cast<std::size_t>(winner[i])] += y[i];
  }
};

template <class T>
bool same(std::vector<T> const& a, std::vector<T> const& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) return false;
  return true;
}

/// Small whole numbers, so that sums are exact and ties are many; some NaNs and infinities.
template <class T>
void fill(guarded<T>& v, unsigned seed, bool special) {
  std::minstd_rand engine{seed};
  for (std::int64_t i = 0; i < v.size(); ++i) {
    auto const k = engine() % 64;
    v[i] = static_cast<T>(static_cast<int>(engine() % 9) - 4);
    if (special && k == 0) v[i] = std::numeric_limits<T>::quiet_NaN();
    if (special && k > 40) v[i] = -std::numeric_limits<T>::infinity();
  }
}

template <pooling_shape Shape, class T, class Arch, bool Heavy>
void check_batch(std::int64_t batch, bool special) {
  INFO("batch " << batch << ", channels " << Shape.channels << ", windows "
                << Shape.over.axes[0].out << " x " << Shape.over.axes[1].out << " x "
                << Shape.over.axes[2].out);
  auto const in = static_cast<std::size_t>(batch * Shape.over.positions_in() * Shape.channels);
  auto const out = static_cast<std::size_t>(batch * Shape.over.positions_out() * Shape.channels);
  guarded<T> x(in, special), y(out, special), z(in, special);
  fill(x, 1, special), fill(y, 2, false), fill(z, 3, false);
  expected<T> const want(Shape, batch, x.data(), y.data(), z.data());
  auto const check = [&](char const* name, auto kernel, std::vector<T> const& right,
                         auto const*... operands) {
    INFO(name);
    using type = decltype(kernel);
    using by_row = counting_epilogue<T, Heavy>;
    using by_run = std::conditional_t<Shape.channels <= 8, run_epilogue<T, Heavy>, by_row>;
    auto const one = run<type, by_row, T>(Shape, right.size(), 1, batch, operands...);
    CHECK(one.complete);
    CHECK(same(one.values, right));
    for (int threads = 2; threads <= 3; ++threads) {
      auto const more =
          threads == 2 ? run<type, by_row, T>(Shape, right.size(), threads, batch, operands...)
                       : run<type, by_run, T>(Shape, right.size(), threads, batch, operands...);
      CHECK(more.complete);
      CHECK((right.empty() ||
             std::memcmp(more.values.data(), one.values.data(), right.size() * sizeof(T)) == 0));
    }
  };
  check("max", on_cpu::window_max_kernel<Shape, T, Arch>{}, want.max, x.data());
  check("sum", on_cpu::window_sum_kernel<Shape, T, Arch>{}, want.sum, x.data());
  check("gather", on_cpu::window_gather_kernel<Shape, T, Arch>{}, want.gather, x.data(), z.data());
  check("spread", on_cpu::window_spread_kernel<Shape, T, Arch>{}, want.spread, y.data());
  check("scatter", on_cpu::window_scatter_kernel<Shape, T, Arch>{}, want.scatter, x.data(),
        y.data());
}

template <pooling_shape Shape, class T = float, class Arch = xsimd::default_arch,
          bool Heavy = false>
void check(std::int64_t most = 5) {
  for (std::int64_t const batch : {std::int64_t{0}, std::int64_t{1}, most})
    check_batch<Shape, T, Arch, Heavy>(batch, false);
  check_batch<Shape, T, Arch, Heavy>(most, true);
}

/// Extents as Keras gives them: windows over an axis.
constexpr window_axis axis(std::int64_t in, std::int64_t size, std::int64_t stride,
                           std::int64_t low = 0, std::int64_t high = 0, std::int64_t dilation = 1) {
  return {in, (in + low + high - dilation * (size - 1) - 1) / stride + 1, size, stride, dilation,
          low};
}
constexpr pooling_shape over(std::int64_t channels, window_axis c) {
  return {{{{}, {}, c}, 1}, channels};
}
constexpr pooling_shape over(std::int64_t channels, window_axis b, window_axis c) {
  return {{{{}, b, c}, 1}, channels};
}
constexpr pooling_shape over(std::int64_t channels, window_axis a, window_axis b, window_axis c) {
  return {{{a, b, c}, 1}, channels};
}

}  // namespace windows

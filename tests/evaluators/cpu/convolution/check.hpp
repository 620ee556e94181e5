// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/guarded.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <thread>
#include <typegrad/evaluators/cpu/convolution/forward.hpp>
#include <typegrad/evaluators/cpu/convolution/input.hpp>
#include <vector>

// Convolutions by their definition, and what checks a kernel against it.
namespace convolution_test {

namespace cpu = typegrad::cpu;
using cpu::convolution_shape;
using typegrad::window;
using typegrad::window_axis;

using support::guarded;

// Calls body(x, k, y) with the offsets of every product of a convolution.
template <class Body>
void for_products(convolution_shape const& s, std::int64_t batch, Body const& body) {
  auto const& [d, h, w] = s.over.axes;
  std::int64_t const c_of = s.group_channels(), f_of = s.group_filters();
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t o0 = 0; o0 < d.out; ++o0)
      for (std::int64_t o1 = 0; o1 < h.out; ++o1)
        for (std::int64_t o2 = 0; o2 < w.out; ++o2)
          for (std::int64_t t0 = 0; t0 < d.size; ++t0)
            for (std::int64_t t1 = 0; t1 < h.size; ++t1)
              for (std::int64_t t2 = 0; t2 < w.size; ++t2) {
                std::int64_t const i0 = o0 * d.stride + t0 * d.dilation - d.low;
                std::int64_t const i1 = o1 * h.stride + t1 * h.dilation - h.low;
                std::int64_t const i2 = o2 * w.stride + t2 * w.dilation - w.low;
                if (i0 < 0 || i0 >= d.in || i1 < 0 || i1 >= h.in || i2 < 0 || i2 >= w.in) continue;
                std::int64_t const x = (((n * d.in + i0) * h.in + i1) * w.in + i2) * s.channels;
                std::int64_t const y = (((n * d.out + o0) * h.out + o1) * w.out + o2) * s.filters;
                std::int64_t const k = ((t0 * h.size + t1) * w.size + t2) * c_of * s.filters;
                for (std::int64_t f = 0; f < s.filters; ++f) {
                  std::int64_t const g = f / f_of;
                  for (std::int64_t c = 0; c < c_of; ++c) {
                    body(x + g * c_of + c, k + c * s.filters + f, y + f);
                  }
                }
              }
}

template <class T>
void fill(guarded<T> const& a, unsigned seed) {
  std::minstd_rand engine(seed);
  std::uniform_real_distribution<T> uniform(T(-1), T(1));
  for (T& x : a) x = uniform(engine);
}

// Counts how often each element is given, and stores it.
template <class T>
struct counting_epilogue {
  T* data;
  unsigned char* times;
  std::int64_t stride;

  template <class Batch, class Lanes>
  void operator()(std::int64_t row, std::int64_t column, Batch sum, Lanes count) const {
    cpu::store_partial(data + row * stride + column, sum, count);
    for (int i = 0; i < count; ++i) ++times[row * stride + column + i];
  }
};
template <class T>
struct heavy_epilogue : counting_epilogue<T> {
  static constexpr bool heavy = true;
};

// Sums by definition, and the sums of magnitudes, which bound the error.
struct expectation {
  std::vector<double> sum, magnitude;
  explicit expectation(std::int64_t n)
      : sum(static_cast<std::size_t>(n)), magnitude(static_cast<std::size_t>(n)) {}
  void add(std::int64_t i, double x) {
    sum[static_cast<std::size_t>(i)] += x;
    magnitude[static_cast<std::size_t>(i)] += std::abs(x);
  }
  // The greatest error, in units of the error that a sum of `depth` products may have.
  template <class T>
  double error(T const* c, std::int64_t depth) const {
    double worst = 0;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      double const bound = (static_cast<double>(depth) + 2) * magnitude[i] *
                               static_cast<double>(std::numeric_limits<T>::epsilon()) +
                           1e-30;
      double const e = std::abs(static_cast<double>(c[i]) - sum[i]) / bound;
      worst = e <= worst ? worst : e;  // NaN wins
    }
    return worst;
  }
};

template <class Kernel, class T, class Epilogue>
bool run_on(int team_size, std::int64_t batch, T const* a, T const* k, Epilogue const& epilogue) {
  std::size_t const bytes = Kernel::scratch_bytes(team_size);
  std::vector<std::byte> storage(bytes + 64 + 16);
  auto const address = reinterpret_cast<std::uintptr_t>(storage.data());
  std::byte* const scratch = storage.data() + (64 - address % 64) % 64;
  // Signalling what is read before it is written.
  std::memset(static_cast<void*>(scratch), 0xff, bytes);
  std::memset(static_cast<void*>(scratch + bytes), 0x5a, 16);
  cpu::team_state state;
  std::vector<std::thread> others;
  for (int i = 1; i < team_size; ++i) {
    others.emplace_back(
        [&, i] { Kernel::run(cpu::team{i, team_size, &state}, batch, a, k, epilogue, scratch); });
  }
  Kernel::run(cpu::team{0, team_size, &state}, batch, a, k, epilogue, scratch);
  for (auto& thread : others) thread.join();
  for (int i = 0; i < 16; ++i) {
    if (scratch[bytes + static_cast<std::size_t>(i)] != std::byte{0x5a}) return false;
  }
  return true;
}

template <class Kernel, class T>
void check_kernel(char const* name, convolution_shape const& s, std::int64_t batch, int teams,
                  guarded<T> const& a, guarded<T> const& k, expectation const& expected,
                  std::int64_t columns, std::int64_t depth) {
  auto const n = static_cast<std::int64_t>(expected.sum.size());
  guarded<T> c(n);
  std::vector<unsigned char> times(expected.sum.size());
  std::vector<T> first;
  INFO(name << ", batch " << batch << ", " << s.channels << " channels, " << s.filters
            << " filters, " << s.over.groups << " groups, in " << s.over.axes[0].in << "x"
            << s.over.axes[1].in << "x" << s.over.axes[2].in << ", out " << s.over.axes[0].out
            << "x" << s.over.axes[1].out << "x" << s.over.axes[2].out);
  for (int team_size = 1; team_size <= teams + 1; ++team_size) {
    for (T& x : c) x = std::numeric_limits<T>::quiet_NaN();
    times.assign(times.size(), 0);
    counting_epilogue<T> const count{c.data(), times.data(), columns};
    // The last round is one with an epilogue that is not inlined.
    bool const heavy = team_size > teams;
    CHECK((heavy ? run_on<Kernel>(1, batch, a.data(), k.data(), heavy_epilogue<T>{count})
                 : run_on<Kernel>(team_size, batch, a.data(), k.data(), count)));
    bool once = true;
    for (unsigned char const t : times) once = once && t == 1;
    CHECK(once);
    if (team_size == 1) {
      CHECK(expected.error(c.data(), depth) <= 1);
      first.assign(c.begin(), c.end());
    } else {
      CHECK((n == 0 || std::memcmp(first.data(), c.data(), first.size() * sizeof(T)) == 0));
    }
  }
}

enum direction { forward = 1, input = 2, both = 3 };

template <convolution_shape S, class T = float, class Arch = xsimd::default_arch>
void check(std::int64_t batch, int teams = 1, direction which = both, bool at_front = false) {
  guarded<T> k(S.k_size(), at_front);
  fill(k, 7);
  if ((which & forward) != 0) {
    guarded<T> x(batch * S.x_size(), at_front);
    fill(x, static_cast<unsigned>(batch + 1));
    expectation expected(batch * S.y_size());
    for_products(S, batch, [&](auto i, auto j, auto o) {
      expected.add(o, static_cast<double>(x[i]) * static_cast<double>(k[j]));
    });
    check_kernel<cpu::convolution_forward<S, T, Arch>>(
        "forward", S, batch, teams, x, k, expected, S.filters, S.over.taps() * S.group_channels());
  }
  if ((which & input) != 0) {
    guarded<T> y(batch * S.y_size(), at_front);
    fill(y, static_cast<unsigned>(batch + 2));
    expectation expected(batch * S.x_size());
    for_products(S, batch, [&](auto i, auto j, auto o) {
      expected.add(i, static_cast<double>(y[o]) * static_cast<double>(k[j]));
    });
    check_kernel<cpu::convolution_input<S, T, Arch>>("input", S, batch, teams, y, k, expected,
                                                     S.channels, S.over.taps() * S.group_filters());
  }
}

struct options {
  std::int64_t stride = 1, dilation = 1, low = 0, high = 0;
};

// An axis of which the windows take as many as fit.
constexpr window_axis axis(std::int64_t in, std::int64_t size, options const& o = {}) {
  window_axis a{in, 1, size, o.stride, o.dilation, o.low};
  a.out = (in + o.low + o.high - a.reach()) / o.stride + 1;
  return a;
}
// Keras's "same": as many windows as elements, divided by the stride.
constexpr window_axis same(std::int64_t in, std::int64_t size, std::int64_t stride = 1,
                           std::int64_t dilation = 1) {
  window_axis a{in, (in + stride - 1) / stride, size, stride, dilation, 0};
  std::int64_t const padding = (a.out - 1) * stride + a.reach() - in;
  a.low = padding > 0 ? padding / 2 : 0;
  return a;
}

constexpr convolution_shape conv1(window_axis w, std::int64_t channels, std::int64_t filters,
                                  std::int64_t groups = 1) {
  return {{{{}, {}, w}, groups}, channels, filters};
}
constexpr convolution_shape conv2(window_axis h, window_axis w, std::int64_t channels,
                                  std::int64_t filters, std::int64_t groups = 1) {
  return {{{{}, h, w}, groups}, channels, filters};
}
constexpr convolution_shape conv3(window_axis d, window_axis h, window_axis w,
                                  std::int64_t channels, std::int64_t filters,
                                  std::int64_t groups = 1) {
  return {{{d, h, w}, groups}, channels, filters};
}

}  // namespace convolution_test

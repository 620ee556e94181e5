// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "evaluators/window_axes.hpp"
#include "support/guarded.hpp"

#include <algorithm>
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

// A convolution and its two gradients are the sum, over all (window, tap, channel, filter), of
// products x k y with one of the three left out. Kernels are held against that sum, in double.
namespace convolution_test {

namespace on_cpu = typegrad::on_cpu;
using on_cpu::convolution_shape;
using typegrad::window;
using typegrad::window_axis;

using support::guarded;
using window_axes::same_axis;
using window_axes::valid_axis;

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
    on_cpu::store_partial(data + row * stride + column, sum, count);
    for (int i = 0; i < count; ++i) ++times[row * stride + column + i];
  }
};
template <class T>
struct heavy_epilogue : counting_epilogue<T> {
  static constexpr bool heavy = true;
};

enum class face { forward, input, kernel };

// The operands, and what is expected of one face.
template <class T>
struct problem {
  guarded<T> first, second;  // of x, k and y in this order, the two that are given
  std::vector<double> expected, magnitude;
  std::vector<int> terms;

  problem(convolution_shape const& s, face which, std::int64_t batch, bool at_front)
      : first(which == face::input ? batch * s.y_size() : batch * s.x_size(), at_front),
        second(which == face::kernel ? batch * s.y_size() : s.k_size(), at_front) {
    fill(first, static_cast<unsigned>(batch * 7 + s.k_size()));
    fill(second, static_cast<unsigned>(batch * 7 + s.k_size() + 1));
    auto const count = static_cast<std::size_t>(which == face::forward ? batch * s.y_size()
                                                : which == face::input ? batch * s.x_size()
                                                                       : s.k_size());
    expected.resize(count);
    magnitude.resize(count);
    terms.resize(count);
    for_products(s, batch, [&](std::int64_t x, std::int64_t k, std::int64_t y) {
      double const a = first[which == face::input ? y : x];
      double const b = second[which == face::kernel ? y : k];
      auto const to = static_cast<std::size_t>(which == face::forward ? y
                                               : which == face::input ? x
                                                                      : k);
      expected[to] += a * b;
      magnitude[to] += std::abs(a * b);
      ++terms[to];
    });
  }

  // The greatest error, in units of the rounding error that a sum of as many products (or of
  // `depth`, unless that is 0) may have.
  double error(T const* c, int depth) const {
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      double const bound = ((depth > 0 ? depth : terms[i]) + 2) * magnitude[i] *
                               static_cast<double>(std::numeric_limits<T>::epsilon()) +
                           1e-30;
      double const e = std::abs(static_cast<double>(c[i]) - expected[i]) / bound;
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
  on_cpu::team_state state;
  std::vector<std::thread> others;
  for (int i = 1; i < team_size; ++i) {
    others.emplace_back([&, i] {
      Kernel::run(on_cpu::team{i, team_size, &state}, batch, a, k, epilogue, scratch);
    });
  }
  Kernel::run(on_cpu::team{0, team_size, &state}, batch, a, k, epilogue, scratch);
  for (auto& thread : others) thread.join();
  for (int i = 0; i < 16; ++i) {
    if (scratch[bytes + static_cast<std::size_t>(i)] != std::byte{0x5a}) return false;
  }
  return true;
}

struct checking {
  int teams = 5;  // the largest
  bool at_front = false;
  int depth = 0;
};

// One face by Kernel: every element once, for every team size alike, to the bit.
template <class Kernel, class T>
void check_face(convolution_shape const& s, face which, std::int64_t batch, checking const& how) {
  problem<T> const p(s, which, batch, how.at_front);
  guarded<T> result(static_cast<std::int64_t>(p.expected.size()), how.at_front);
  std::int64_t const stride = which == face::input ? s.channels : s.filters;
  std::vector<T> alone;
  auto const run = [&](int team_size, auto wrap) {
    INFO("face " << static_cast<int>(which) << ", batch " << batch << ", team of " << team_size
                 << ", " << s.channels << " channels, " << s.filters << " filters, "
                 << s.over.groups << " groups, in " << s.over.axes[0].in << "x"
                 << s.over.axes[1].in << "x" << s.over.axes[2].in << ", out "
                 << s.over.axes[0].out << "x" << s.over.axes[1].out << "x" << s.over.axes[2].out);
    for (T& v : result) v = std::numeric_limits<T>::quiet_NaN();
    std::vector<unsigned char> times(p.expected.size());
    CHECK(run_on<Kernel>(team_size, batch, p.first.data(), p.second.data(),
                         wrap(counting_epilogue<T>{result.data(), times.data(), stride})));
    CHECK(std::all_of(times.begin(), times.end(), [](int n) { return n == 1; }));
    if (alone.empty()) {
      CHECK(p.error(result.data(), how.depth) <= 1);
      alone.assign(result.begin(), result.end());
    } else {
      CHECK(std::memcmp(alone.data(), result.data(), alone.size() * sizeof(T)) == 0);
    }
  };
  for (int const team_size : {1, 2, 3, 5})
    if (team_size <= how.teams) run(team_size, [](auto const& count) { return count; });
  // and with an epilogue that is not inlined
  run(1, [](auto const& count) { return heavy_epilogue<T>{count}; });
}

enum direction { forward = 1, input = 2, both = 3 };

template <convolution_shape S, class T = float, class Arch = xsimd::default_arch>
void check(std::int64_t batch, int teams = 1, direction which = both, bool at_front = false) {
  checking const how{.teams = teams, .at_front = at_front};
  if ((which & forward) != 0)
    check_face<on_cpu::convolution_forward<S, T, Arch>, T>(S, face::forward, batch, how);
  if ((which & input) != 0)
    check_face<on_cpu::convolution_input<S, T, Arch>, T>(S, face::input, batch, how);
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

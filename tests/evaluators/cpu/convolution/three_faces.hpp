// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/guarded.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/gemm/epilogue.hpp>
#include <typegrad/evaluators/cpu/team.hpp>
#include <vector>

// A convolution and its two gradients are the sum, over all (window, tap, channel, filter), of
// products x k y with one of the three left out. Kernels are held against that sum, in double.
namespace convolution_tests {

namespace cpu = typegrad::cpu;

using support::guarded;

// Scratch memory with a few marked bytes behind it.
struct marked_scratch {
  explicit marked_scratch(std::size_t size) : storage(size + 64 + 16, std::byte{0xff}) {
    auto const address = reinterpret_cast<std::uintptr_t>(storage.data());
    data = storage.data() + (64 - address % 64) % 64;
    limit = data + size;
    std::fill_n(limit, 16, std::byte{0x5a});
  }
  bool intact() const {
    return std::all_of(limit, limit + 16, [](std::byte b) { return b == std::byte{0x5a}; });
  }
  std::vector<std::byte> storage;
  std::byte* data;
  std::byte* limit;
};

enum class face { forward, input, kernel };

// The operands and what is expected of one face.
template <class T>
struct problem {
  guarded<T> first, second;  // of x, k and y in this order, the two that are given
  std::vector<double> expected, magnitude;
  std::vector<int> terms;

  problem(cpu::convolution_shape const& s, face which, std::int64_t batch, bool at_front)
      : first(which == face::input ? batch * s.y_size() : batch * s.x_size(), at_front),
        second(which == face::kernel ? batch * s.y_size() : s.k_size(), at_front) {
    std::minstd_rand engine(static_cast<unsigned>(batch * 7 + s.k_size()));
    std::uniform_real_distribution<T> uniform(T(-1), T(1));
    for (T& v : first) v = uniform(engine);
    for (T& v : second) v = uniform(engine);
    auto const count = static_cast<std::size_t>(which == face::forward ? batch * s.y_size()
                                                : which == face::input ? batch * s.x_size()
                                                                       : s.k_size());
    expected.resize(count);
    magnitude.resize(count);
    terms.resize(count);
    each_term(s, batch, [&](std::int64_t x, std::int64_t k, std::int64_t y) {
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

  template <class F>
  static void each_term(cpu::convolution_shape const& s, std::int64_t batch, F const& f) {
    auto const& a = s.over.axes;
    std::int64_t const channels = s.group_channels(), filters = s.group_filters();
    for (std::int64_t n = 0; n < batch; ++n) {
      for (std::int64_t o = 0; o < s.over.positions_out(); ++o) {
        for (std::int64_t t = 0; t < s.over.taps(); ++t) {
          std::int64_t const out[3] = {o / a[2].out / a[1].out, o / a[2].out % a[1].out,
                                       o % a[2].out};
          std::int64_t const tap[3] = {t / a[2].size / a[1].size, t / a[2].size % a[1].size,
                                       t % a[2].size};
          std::int64_t position = n;
          bool inside = true;
          for (int i = 0; i < 3; ++i) {
            std::int64_t const at = out[i] * a[i].stride + tap[i] * a[i].dilation - a[i].low;
            inside = inside && at >= 0 && at < a[i].in;
            position = position * a[i].in + at;
          }
          if (!inside) continue;
          for (std::int64_t fi = 0; fi < s.filters; ++fi) {
            for (std::int64_t c = 0; c < channels; ++c) {
              f(position * s.channels + fi / filters * channels + c,
                (t * channels + c) * s.filters + fi,
                (n * s.over.positions_out() + o) * s.filters + fi);
            }
          }
        }
      }
    }
  }

  // The greatest error in units of the rounding error such a sum may have.
  double error(T const* c) const {
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      double const bound =
          (terms[i] + 2) * magnitude[i] * static_cast<double>(std::numeric_limits<T>::epsilon()) +
          1e-30;
      double const e = std::abs(static_cast<double>(c[i]) - expected[i]) / bound;
      worst = e <= worst ? worst : e;  // NaN wins
    }
    return worst;
  }
};

// Stores, and counts how often every element is given.
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

// One face by Kernel, for every team size alike, to the bit.
template <class Kernel, class T>
void check_face(cpu::convolution_shape const& s, face which, std::int64_t batch, bool at_front) {
  problem<T> const p(s, which, batch, at_front);
  guarded<T> result(static_cast<std::int64_t>(p.expected.size()), at_front);
  std::int64_t const stride = which == face::input ? s.channels : s.filters;
  std::vector<T> alone;
  for (int size : {1, 2, 3, 5}) {
    INFO("batch " << batch << ", team of " << size);
    for (T& v : result) v = std::numeric_limits<T>::quiet_NaN();
    std::vector<unsigned char> times(p.expected.size());
    counting_epilogue<T> const epilogue{result.data(), times.data(), stride};
    marked_scratch scratch(Kernel::scratch_bytes(size));
    cpu::team_state state;
    std::vector<std::thread> others;
    auto const member = [&](int i) {
      Kernel::run(cpu::team{i, size, &state}, batch, p.first.data(), p.second.data(), epilogue,
                  scratch.data);
    };
    for (int i = 1; i < size; ++i) others.emplace_back(member, i);
    member(0);
    for (auto& thread : others) thread.join();
    CHECK(scratch.intact());
    CHECK(std::all_of(times.begin(), times.end(), [](int n) { return n == 1; }));
    if (size == 1) {
      CHECK(p.error(result.data()) <= 1);
      alone.assign(result.begin(), result.end());
    } else {
      CHECK((alone.empty() ||
             std::memcmp(alone.data(), result.data(), alone.size() * sizeof(T)) == 0));
    }
  }
}

// An axis by its input, taps, stride, dilation and the padding before and after.
constexpr typegrad::window_axis axis(std::int64_t in, std::int64_t size, std::int64_t stride = 1,
                                     std::int64_t dilation = 1, std::int64_t low = 0,
                                     std::int64_t high = 0) {
  std::int64_t const reach = dilation * (size - 1) + 1;
  return {in, (in + low + high - reach) / stride + 1, size, stride, dilation, low};
}

// `padding` "same" of odd windows with stride 1, or of any as Keras has it.
constexpr typegrad::window_axis same_axis(std::int64_t in, std::int64_t size,
                                          std::int64_t stride = 1, std::int64_t dilation = 1) {
  std::int64_t const out = (in + stride - 1) / stride;
  std::int64_t const missing = (out - 1) * stride + dilation * (size - 1) + 1 - in;
  return {in, out, size, stride, dilation, missing > 0 ? missing / 2 : 0};
}

}  // namespace convolution_tests

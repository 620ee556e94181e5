// SPDX-License-Identifier: BSL-1.0
// Gradients of expressions beside code written by hand, and beside CppAD where its headers are
// found: one line a case, "name who nanoseconds", the median of many rounds in which all take
// turns. `run` builds this, adds PyTorch, and prints the ratios.
#include <typegrad/expressions.hpp>
#include <typegrad/expressions/activation.hpp>
#include <typegrad/nn/activations.hpp>

#if __has_include(<cppad/cppad.hpp>)
#include <cppad/cppad.hpp>
#define HAS_CPPAD 1
#include <string>
// All that its headers want of its library, for compiling tapes to C, which is not done here.
namespace CppAD::local {
std::string temp_file() { return {}; }
}  // namespace CppAD::local
#endif

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace tg = typegrad;

namespace {

struct contestant {
  std::string who;
  std::function<void(long times)> run;
};

/// Rounds of at least a millisecond each, in turns.
void compare(char const* name, std::vector<contestant> all) {
  using clock = std::chrono::steady_clock;
  auto const seconds = [](contestant const& c, long times) {
    auto const start = clock::now();
    c.run(times);
    return std::chrono::duration<double>(clock::now() - start).count();
  };
  std::vector<long> times;
  for (auto const& c : all) {
    long n = 1;
    for (int quick = 0; quick < 3; n *= 2)  // the first runs are slow
      quick = seconds(c, n) < 2e-3 ? 0 : quick + 1;
    times.push_back(n);
  }
  std::vector<std::vector<double>> samples(all.size());
  for (int round = 0; round < 101; ++round)
    for (std::size_t i = 0; i < all.size(); ++i)
      samples[i].push_back(seconds(all[i], times[i]) / static_cast<double>(times[i]));
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::nth_element(samples[i].begin(), samples[i].begin() + 50, samples[i].end());
    std::printf("%s %s %.3f\n", name, all[i].who.c_str(), 1e9 * samples[i][50]);
  }
  std::fflush(stdout);
}

/// The compiler must take it for read and written.
template <class T>
void touch(T& value) {
  asm volatile("" : "+m"(value));
}

// Descent on 3x + xy + 1, by numbers. -------------------------------------------------------------

__attribute__((noinline)) void scalar_typegrad(float* at, long times) {
  auto x = tg::variable<"x">(at[0]);
  auto y = tg::variable<"y">(at[1]);
  auto const z = 3 * x + x * y + 1;
  auto const [dx, dy] = tg::gradient(z, x, y);
  for (long i = 0; i < times; ++i) {
    tg::assign(x, y)(x - 1e-3f * dx, y - 1e-3f * dy);
  }
  at[0] = x.value(), at[1] = y.value();
}
__attribute__((noinline)) void scalar_by_hand(float* at, long times) {
  float x = at[0], y = at[1];
  for (long i = 0; i < times; ++i) {
    float const dx = 3 + y, dy = x;
    float const new_x = x - 1e-3f * dx, new_y = y - 1e-3f * dy;
    x = new_x, y = new_y;
  }
  at[0] = x, at[1] = y;
}

// The gradient of sum(square(A x - b)) for x: two products of a matrix and a vector. --------------

constexpr int n = 512;

struct linear_system {
  tg::tensor<float, n, n> a = tg::random{1}.normal<float, n, n>();
  tg::tensor<float, n> x = tg::random{2}.normal<float, n>();
  tg::tensor<float, n> b = tg::random{3}.normal<float, n>();
  tg::tensor<float, n> dx, r;
};

float gemv_by_hand(linear_system& s) {
  using vector = xsimd::batch<float>;
  constexpr int width = vector::size;
  float const *const a = s.a.data(), *const x = s.x.data();
  float* const r = s.r.data();
  float* const dx = s.dx.data();
  for (int i = 0; i < n; i += 4) {
    vector sums[4] = {vector(0.f), vector(0.f), vector(0.f), vector(0.f)};
    for (int j = 0; j < n; j += width) {
      vector const v = vector::load_aligned(x + j);
      for (int k = 0; k < 4; ++k)
        sums[k] = xsimd::fma(vector::load_aligned(a + (i + k) * n + j), v, sums[k]);
    }
    for (int k = 0; k < 4; ++k) r[i + k] = xsimd::reduce_add(sums[k]) - s.b.data()[i + k];
  }
  vector loss(0.f);
  for (int i = 0; i < n; i += width) {
    vector const v = vector::load_aligned(r + i);
    loss = xsimd::fma(v, v, loss);
  }
  constexpr int block = 8 * width;  // of the result, held in registers
  for (int j = 0; j < n; j += block) {
    vector sums[8];
    for (auto& v : sums) v = vector(0.f);
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < 8; ++k)
        sums[k] =
            xsimd::fma(vector::load_aligned(a + i * n + j + k * width), vector(r[i]), sums[k]);
    for (int k = 0; k < 8; ++k) (2.f * sums[k]).store_aligned(dx + j + k * width);
  }
  return xsimd::reduce_add(loss);
}

// Rosenbrock's function of 64 numbers, its value and gradient. ------------------------------------

constexpr int many = 64;

auto const rosenbrock = [](auto x) {
  auto const head = tg::slice(x, tg::shape<0>{}, tg::shape<many - 1>{});
  auto const tail = tg::slice(x, tg::shape<1>{}, tg::shape<many>{});
  return tg::sum(100 * tg::square(tail - tg::square(head)) + tg::square(1 - head));
};

// A multi-layer perceptron's loss and its gradient for all weights, batch 32. ---------------------

using images = tg::tensor<float, 32, 784>;

auto const perceptron = [](auto x, auto y, auto w1, auto b1, auto w2, auto b2, auto w3, auto b3) {
  auto const h1 = tg::tanh(tg::matmul(x, w1) + b1);
  auto const h2 = tg::tanh(tg::matmul(h1, w2) + b2);
  return tg::mean(tg::square(tg::matmul(h2, w3) + b3 - y));
};

}  // namespace

int main() {
  tg::set_threads(1);
  {
    float at[] = {1, 2};
    compare("scalar", {{"typegrad", [&](long times) { scalar_typegrad(at, times); }},
                       {"by_hand", [&](long times) { scalar_by_hand(at, times); }}});
  }
  {
    linear_system s;
    auto const loss = [&](auto x) { return tg::sum(tg::square(tg::matmul(s.a, x) - s.b)); };
    auto x = tg::variable<"x", tg::shape<n>>(s.x);
    auto const e = loss(tg::lazy(x));
    auto const dx = tg::gradient(e, x);
    float const wanted = gemv_by_hand(s);
    tg::tensor<float, n> const by_hand = s.dx;
    float value = 0;
    tg::evaluate_into(std::tie(value, s.dx), e, dx);
    if (std::abs(value - wanted) > 1e-3f * wanted ||
        tg::evaluate(tg::max(tg::abs(by_hand - s.dx))) >
            1e-3f * tg::evaluate(tg::max(tg::abs(by_hand))))
      return std::puts("the gradients by hand and by typegrad differ"), 1;
    compare("gemv_512", {{"typegrad",
                          [&](long times) {
                            for (long i = 0; i < times; ++i)
                              tg::evaluate_into(std::tie(value, s.dx), e, dx);
                          }},
                         {"by_hand", [&](long times) {
                            for (long i = 0; i < times; ++i) value = gemv_by_hand(s), touch(value);
                          }}});
  }
  {
    auto const start = tg::random{4}.uniform<double, many>(-1, 1);
    auto x = tg::variable<"x", tg::shape<many>, double>(start);
    auto const f = rosenbrock(tg::lazy(x));
    auto const df = tg::gradient(f, x);
    double value = 0;
    tg::tensor<double, many> slope;
    std::vector<contestant> all{{"typegrad", [&](long times) {
                                   for (long i = 0; i < times; ++i) {
                                     touch(*x.data());
                                     tg::evaluate_into(std::tie(value, slope), f, df);
                                   }
                                 }}};
    all.push_back({"by_hand", [&](long times) {
                     double const* const v = x.data();
                     for (long i = 0; i < times; ++i) {
                       touch(*x.data());
                       double sum = 0;
                       double* const g = slope.data();
                       std::fill_n(g, many, 0.0);
                       for (int k = 0; k + 1 < many; ++k) {
                         double const t = v[k + 1] - v[k] * v[k];
                         sum += 100 * t * t + (1 - v[k]) * (1 - v[k]);
                         g[k] += -400 * t * v[k] - 2 * (1 - v[k]);
                         g[k + 1] += 200 * t;
                       }
                       value = sum;
                       touch(value);
                     }
                   }});
#ifdef HAS_CPPAD
    CppAD::vector<CppAD::AD<double>> ax(many), ay(1);
    for (int i = 0; i < many; ++i) ax[static_cast<std::size_t>(i)] = start(i);
    CppAD::Independent(ax);
    CppAD::AD<double> sum = 0;
    for (std::size_t k = 0; k + 1 < many; ++k) {
      CppAD::AD<double> const t = ax[k + 1] - ax[k] * ax[k];
      sum += 100 * t * t + (1 - ax[k]) * (1 - ax[k]);
    }
    ay[0] = sum;
    CppAD::ADFun<double> tape(ax, ay);
    tape.optimize();
    CppAD::vector<double> at(many), w(1);
    w[0] = 1;
    tg::evaluate_into(std::tie(value, slope), f, df);
    for (int i = 0; i < many; ++i) at[static_cast<std::size_t>(i)] = start(i);
    tape.Forward(0, at);
    auto const theirs = tape.Reverse(1, w);
    for (int i = 0; i < many; ++i)
      if (std::abs(theirs[static_cast<std::size_t>(i)] - slope(i)) >
          1e-9 * (1 + std::abs(slope(i))))
        return std::puts("the gradients of CppAD and typegrad differ"), 1;
    all.push_back({"cppad", [&](long times) {
                     for (long i = 0; i < times; ++i) {
                       tape.Forward(0, at);
                       auto const g = tape.Reverse(1, w);
                       value = g[0];
                       touch(value);
                     }
                   }});
#endif
    compare("rosenbrock_64", std::move(all));
  }
  {
    tg::random random{5};
    auto const x = random.normal<float, 32, 784>();
    auto const y = random.normal<float, 32, 10>();
    auto w1 = tg::variable<"w1", tg::shape<784, 128>>(random.normal<float, 784, 128>(0, 0.05f));
    auto b1 = tg::variable<"b1", tg::shape<128>>();
    auto w2 = tg::variable<"w2", tg::shape<128, 64>>(random.normal<float, 128, 64>(0, 0.1f));
    auto b2 = tg::variable<"b2", tg::shape<64>>();
    auto w3 = tg::variable<"w3", tg::shape<64, 10>>(random.normal<float, 64, 10>(0, 0.1f));
    auto b3 = tg::variable<"b3", tg::shape<10>>();
    auto const loss = perceptron(tg::lazy(x), tg::lazy(y), tg::lazy(w1), tg::lazy(b1), tg::lazy(w2),
                                 tg::lazy(b2), tg::lazy(w3), tg::lazy(b3));
    auto const [d1, e1, d2, e2, d3, e3] = tg::gradient(loss, w1, b1, w2, b2, w3, b3);
    tg::tensor<float, 784, 128> dw1;
    tg::tensor<float, 128, 64> dw2;
    tg::tensor<float, 64, 10> dw3;
    tg::tensor<float, 128> db1;
    tg::tensor<float, 64> db2;
    tg::tensor<float, 10> db3;
    float value = 0;
    auto const outputs = std::tie(value, dw1, db1, dw2, db2, dw3, db3);
    compare(
        "perceptron_784_128_64_10",
        {{"typegrad", [&, &d1 = d1, &e1 = e1, &d2 = d2, &e2 = e2, &d3 = d3, &e3 = e3](long times) {
            for (long i = 0; i < times; ++i)
              tg::evaluate_into(outputs, loss, d1, e1, d2, e2, d3, e3);
          }}});
  }
}

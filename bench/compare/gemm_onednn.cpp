// SPDX-License-Identifier: BSL-1.0
//
// typegrad's GEMM beside oneDNN's dnnl_sgemm in one run, on the shapes of dense networks: blocks of
// calls of the one and the other take turns, and the medians of their times are compared (`best`:
// the shortest times, which tell more where other programs run on the machine).
//
//   gemm_onednn [threads = 1] [seconds per shape = 0.3]
//
// Build with -O2 -march=native -fopenmp and link dnnl (Debian: libdnnl-dev). Without oneDNN's
// header only typegrad's figures are printed.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <typegrad/evaluators/cpu/gemm.hpp>
#include <vector>

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#define WITH_ONEDNN 1
#else
#define WITH_ONEDNN 0
#endif

namespace on_cpu = typegrad::on_cpu;
using on_cpu::gemm_shape;

namespace {

int threads = 1;
double seconds = 0.3;
double peak = 1;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class T>
struct aligned_array {
  explicit aligned_array(std::size_t n)
      : data(static_cast<T*>(std::aligned_alloc(64, (n * sizeof(T) + 127) / 64 * 64))), size(n) {}
  ~aligned_array() { std::free(data); }
  aligned_array(aligned_array const&) = delete;
  aligned_array& operator=(aligned_array const&) = delete;
  T* data;
  std::size_t size;
};

double measured_peak() {
  using batch = xsimd::batch<float>;
  constexpr int chains = 16;
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<double> rate(static_cast<std::size_t>(threads));
    on_cpu::run_team(threads, [&](on_cpu::team const& team) {
      batch sum[chains];
      for (int i = 0; i < chains; ++i) sum[i] = batch(static_cast<float>(i));
      batch const x(1.0001f), y(0.5f);
      constexpr long steps = 2'000'000;
      team.barrier();
      double const start = now();
      for (long s = 0; s < steps; ++s) {
        TYPEGRAD_UNROLL
        for (int i = 0; i < chains; ++i) sum[i] = xsimd::fma(sum[i], x, y);
      }
      double const time = now() - start;
      batch all(0.0f);
      for (int i = 0; i < chains; ++i) all += sum[i];
      float volatile sink = all.get(0);
      (void)sink;
      rate[static_cast<std::size_t>(team.index)] =
          2.0 * chains * static_cast<double>(batch::size) * steps / time;
    });
    double total = 0;
    for (double r : rate) total += r;
    best = std::max(best, total);
  }
  return best;
}

double median(std::vector<double>& v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

template <gemm_shape Shape, std::int64_t StrideA, std::int64_t StrideB>
void row(char const* name, std::int64_t m, std::int64_t k, std::int64_t n) {
  using product = on_cpu::gemm<Shape, float>;
  auto const size = [](std::int64_t x, std::int64_t y) { return static_cast<std::size_t>(x * y); };
  aligned_array<float> a(size(m, k)), b(size(k, n)), c(size(m, n)), d(size(m, n));
  for (std::size_t i = 0; i < a.size; ++i) a.data[i] = static_cast<float>(i % 7) * 0.1f - 0.3f;
  for (std::size_t i = 0; i < b.size; ++i) b.data[i] = static_cast<float>(i % 5) * 0.1f - 0.2f;
  aligned_array<std::byte> scratch(product::scratch_bytes(threads));

  auto const ours = [&](int calls) {
    double time = 0;
    on_cpu::run_team(threads, [&](on_cpu::team const& team) {
      team.barrier();
      double const start = now();
      for (int i = 0; i < calls; ++i) {
        product::run(team, m, n, k, on_cpu::strided<float, StrideA>{a.data},
                     on_cpu::strided<float, StrideB>{b.data},
                     on_cpu::store_epilogue<float>{c.data, n}, scratch.data);
        team.barrier();
      }
      if (team.index == 0) time = now() - start;
    });
    return time / calls;
  };
  auto const theirs = [&](int calls) {
    double const start = now();
#if WITH_ONEDNN
    for (int i = 0; i < calls; ++i) {
      dnnl_sgemm(Shape.transposed_a ? 'T' : 'N', Shape.transposed_b ? 'T' : 'N', m, n, k, 1.0f,
                 a.data, StrideA, b.data, StrideB, 0.0f, d.data, n);
    }
#endif
    return (now() - start) / calls;
  };

  ours(2), theirs(2);
  double const estimate = ours(10);
  int const calls = std::max(1, static_cast<int>(0.002 / estimate));
  std::vector<double> x, y;
  double const start = now();
  while (now() - start < seconds || x.size() < 5) {
    x.push_back(ours(calls));
    y.push_back(theirs(calls));
  }
  double const flops =
      2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  double const t = median(x), u = median(y);  // sorts
  std::printf("%-18s %10.3f %8.1f %6.1f", name, t * 1e6, flops / t * 1e-9, 100 * flops / t / peak);
#if WITH_ONEDNN
  double worst = 0;
  for (std::size_t i = 0; i < c.size; ++i) {
    worst = std::max(worst, static_cast<double>(std::abs(c.data[i] - d.data[i])));
  }
  std::printf(" %10.3f %8.1f %8.2f %8.1f %6.1f %8.2f%s", u * 1e6, flops / u * 1e-9, u / t,
              flops / x[0] * 1e-9, 100 * flops / x[0] / peak, y[0] / x[0],
              worst > 1e-3 * static_cast<double>(k) ? "   WRONG" : "");
#else
  (void)u;
#endif
  std::printf("\n");
  std::fflush(stdout);
}

// m x k x n: forward (N and K static), data gradient (the same, B transposed), weight gradient
// (M and N static, contracted over the batch).
template <std::int64_t K, std::int64_t N>
void forward(char const* name, std::int64_t m) {
  row<gemm_shape{.n = N, .k = K}, K, N>(name, m, K, N);
}
template <std::int64_t K, std::int64_t N>
void data_gradient(char const* name, std::int64_t m) {
  row<gemm_shape{.n = N, .k = K, .transposed_b = true}, K, K>(name, m, K, N);
}
template <std::int64_t M, std::int64_t N>
void weight_gradient(char const* name, std::int64_t k) {
  row<gemm_shape{.m = M, .n = N, .transposed_a = true}, M, N>(name, M, k, N);
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) threads = std::atoi(arguments[1]);
  if (count > 2) seconds = std::atof(arguments[2]);
  omp_set_num_threads(threads);
  peak = measured_peak();
  std::printf("%d thread(s), %s, measured FMA peak %.1f GFLOP/s\n", threads,
              xsimd::default_arch::name(), peak * 1e-9);
  std::printf("%-18s %10s %8s %6s %10s %8s %8s %8s %6s %8s\n", "m x k x n", "us", "GFLOP/s",
              "% peak", "oneDNN us", "GFLOP/s", "ratio", "best", "% peak", "ratio");
  forward<32, 32>("32x32x32", 32);
  forward<64, 64>("64x64x64", 64);
  forward<128, 128>("128x128x128", 128);
  forward<784, 128>("32x784x128", 32);
  data_gradient<784, 128>("32x784x128 NT", 32);
  weight_gradient<784, 128>("784x32x128 TN", 32);
  forward<128, 10>("32x128x10", 32);
  data_gradient<10, 128>("32x10x128 NT", 32);
  weight_gradient<128, 10>("128x32x10 TN", 32);
  forward<784, 128>("1x784x128", 1);
  data_gradient<784, 128>("1x784x128 NT", 1);
  forward<64, 64>("1x64x64", 1);
  forward<784, 512>("128x784x512", 128);
  data_gradient<784, 512>("128x784x512 NT", 128);
  weight_gradient<784, 512>("784x128x512 TN", 128);
  data_gradient<256, 512>("128x256x512 NT", 128);
  forward<512, 512>("256x512x512", 256);
  forward<256, 256>("256x256x256", 256);
  forward<512, 512>("512x512x512", 512);
  forward<1024, 1024>("1024x1024x1024", 1024);
}

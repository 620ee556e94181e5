// SPDX-License-Identifier: BSL-1.0
#include "support/guarded.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <typegrad/evaluators/cpu/gemm.hpp>
#include <utility>
#include <vector>

namespace on_cpu = typegrad::on_cpu;
using on_cpu::gemm_shape;

namespace {

using support::guarded;

struct aligned_bytes {
  explicit aligned_bytes(std::size_t size) : storage(size + 64 + 16) {
    auto const address = reinterpret_cast<std::uintptr_t>(storage.data());
    data = storage.data() + (64 - address % 64) % 64;
    limit = data + size;
    std::memset(static_cast<void*>(limit), 0x5a, 16);
  }
  bool intact() const {
    for (int i = 0; i < 16; ++i) {
      if (limit[i] != std::byte{0x5a}) return false;
    }
    return true;
  }
  std::vector<std::byte> storage;
  std::byte* data;
  std::byte* limit;
};

struct sizes {
  std::int64_t m, n, k;
};

template <class T>
struct problem {
  sizes s;
  bool ta, tb;
  guarded<T> a, b;
  std::vector<double> expected, magnitude;

  problem(sizes extents, bool transposed_a, bool transposed_b, unsigned seed, bool at_front = false)
      : s(extents),
        ta(transposed_a),
        tb(transposed_b),
        a(s.m * s.k, at_front),
        b(s.k * s.n, at_front),
        expected(static_cast<std::size_t>(s.m * s.n)),
        magnitude(expected.size()) {
    std::minstd_rand engine(seed);
    std::uniform_real_distribution<T> uniform(T(-1), T(1));
    for (T& x : a) x = uniform(engine);
    for (T& x : b) x = uniform(engine);
    for (std::int64_t i = 0; i < s.m; ++i) {
      for (std::int64_t p = 0; p < s.k; ++p) {
        double const x = ta ? a[p * s.m + i] : a[i * s.k + p];
        for (std::int64_t j = 0; j < s.n; ++j) {
          double const y = tb ? b[j * s.k + p] : b[p * s.n + j];
          expected[static_cast<std::size_t>(i * s.n + j)] += x * y;
          magnitude[static_cast<std::size_t>(i * s.n + j)] += std::abs(x * y);
        }
      }
    }
  }
  std::int64_t stride_a() const { return ta ? s.m : s.k; }
  std::int64_t stride_b() const { return tb ? s.k : s.n; }

  // The greatest error in units of the rounding error a sum of k products may have.
  double error(T const* c) const {
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      double const bound = (static_cast<double>(s.k) + 2) * magnitude[i] *
                               static_cast<double>(std::numeric_limits<T>::epsilon()) +
                           1e-30;
      double const e = std::abs(static_cast<double>(c[i]) - expected[i]) / bound;
      worst = e <= worst ? worst : e;  // NaN wins
    }
    return worst;
  }
};

template <class Gemm, class A, class B, class Epilogue>
void run_on(int team_size, sizes s, A const& a, B const& b, Epilogue const& epilogue) {
  aligned_bytes scratch(Gemm::scratch_bytes(team_size));
  on_cpu::team_state state;
  std::vector<std::thread> others;
  for (int i = 1; i < team_size; ++i) {
    others.emplace_back([&, i] {
      Gemm::run(on_cpu::team{i, team_size, &state}, s.m, s.n, s.k, a, b, epilogue, scratch.data);
    });
  }
  Gemm::run(on_cpu::team{0, team_size, &state}, s.m, s.n, s.k, a, b, epilogue, scratch.data);
  for (auto& thread : others) thread.join();
  CHECK(scratch.intact());
}

// Plain memory, contiguous rows.
template <gemm_shape Shape, class T = float, class Arch = xsimd::default_arch>
void check(sizes s, bool at_front = false, int teams = 1) {
  problem<T> const p(s, Shape.transposed_a, Shape.transposed_b,
                     static_cast<unsigned>(s.m * 10007 + s.n * 101 + s.k), at_front);
  guarded<T> c(s.m * s.n, at_front);
  std::vector<T> first;
  for (int team_size = 1; team_size <= teams; ++team_size) {
    for (T& x : c) x = std::numeric_limits<T>::quiet_NaN();
    run_on<on_cpu::gemm<Shape, T, Arch>>(team_size, s, on_cpu::strided{p.a.data(), p.stride_a()},
                                         on_cpu::strided{p.b.data(), p.stride_b()},
                                         on_cpu::store_epilogue<T>{c.data(), s.n});
    INFO("m " << s.m << ", n " << s.n << ", k " << s.k << ", transposed " << Shape.transposed_a
              << Shape.transposed_b << ", team of " << team_size);
    if (team_size == 1) {
      CHECK(p.error(c.data()) <= 1);
      first.assign(c.begin(), c.end());
    } else {
      CHECK(std::memcmp(first.data(), c.data(), first.size() * sizeof(T)) == 0);
    }
  }
}

template <class T = float, class Arch = xsimd::default_arch>
void check_all_transpositions(sizes s, int teams = 1) {
  check<gemm_shape{}, T, Arch>(s, false, teams);
  check<gemm_shape{.transposed_b = true}, T, Arch>(s, true, teams);
  check<gemm_shape{.transposed_a = true}, T, Arch>(s, false, teams);
  check<gemm_shape{.transposed_a = true, .transposed_b = true}, T, Arch>(s, true, teams);
}

// Static N and K (forward, data gradient), static M and N (weight gradient), all static.
template <std::int64_t M, std::int64_t N, std::int64_t K, class T = float,
          class Arch = xsimd::default_arch>
void check_static(int teams = 1) {
  sizes const s{M, N, K};
  check<gemm_shape{.n = N, .k = K}, T, Arch>(s, false, teams);
  check<gemm_shape{.n = N, .k = K, .transposed_b = true}, T, Arch>(s, false, teams);
  check<gemm_shape{.m = M, .n = N, .transposed_a = true}, T, Arch>(s, false, teams);
  check<gemm_shape{.m = M, .n = N, .k = K}, T, Arch>(s, true, teams);
}

}  // namespace

TEST_CASE("partial vectors touch their elements only", "[gemm]") {
  using batch = xsimd::batch<float>;
  constexpr int width = static_cast<int>(batch::size);
  for (int n = 0; n <= width; ++n) {
    guarded<float> from(n), to(n), front(n, true);
    for (int i = 0; i < n; ++i) front[i] = from[i] = static_cast<float>(i + 1);
    batch const x = on_cpu::load_partial(from.data(), n);
    batch const y = on_cpu::load_partial(front.data(), n);
    for (int i = 0; i < width; ++i) {
      CHECK(x.get(static_cast<std::size_t>(i)) == (i < n ? static_cast<float>(i + 1) : 0.0f));
      CHECK(y.get(static_cast<std::size_t>(i)) == (i < n ? static_cast<float>(i + 1) : 0.0f));
    }
    on_cpu::store_partial(to.data(), x + batch(1.0f), n);
    for (int i = 0; i < n; ++i) CHECK(to[i] == static_cast<float>(i + 2));
  }
}

TEST_CASE("a team's parts are disjoint and cover the range", "[gemm]") {
  for (std::int64_t count : {0, 1, 5, 64, 100}) {
    for (std::int64_t grain : {1, 3, 16}) {
      for (int size = 1; size <= 7; ++size) {
        std::int64_t at = 0;
        for (int i = 0; i < size; ++i) {
          auto const part = on_cpu::team{i, size, nullptr}.part(count, grain);
          CHECK(part.begin == at);
          CHECK(part.end >= part.begin);
          CHECK((part.end % grain == 0 || part.end == count));
          at = part.end;
        }
        CHECK(at == count);
      }
    }
  }
}

TEST_CASE("a team's barrier orders what its members write", "[gemm]") {
  constexpr int size = 3, rounds = 200;
  on_cpu::team_state state;
  int slot[size] = {};
  int wrong[size] = {};
  auto const body = [&](int index) {
    on_cpu::team const t{index, size, &state};
    for (int round = 1; round <= rounds; ++round) {
      slot[index] = round;
      t.barrier();
      for (int x : slot) wrong[index] += x != round;
      t.barrier();
    }
  };
  std::thread b(body, 1), c(body, 2);
  body(0);
  b.join();
  c.join();
  CHECK(wrong[0] + wrong[1] + wrong[2] == 0);
}

TEST_CASE("products of run-time extents, all transpositions", "[gemm]") {
  for (std::int64_t x = 1; x <= 70; ++x) {
    check_all_transpositions({x, 70 - x + 1, 33});
    check_all_transpositions({5, x, 71 - x});
    check_all_transpositions({x, 19, x});
    check_all_transpositions({1, x, 40});
    check_all_transpositions({x, 1, 17});
    check_all_transpositions({x, 16, 1});
  }
  std::minstd_rand engine(7);
  for (int i = 0; i < 60; ++i) {
    auto const draw = [&] { return static_cast<std::int64_t>(engine() % 150 + 1); };
    sizes const s{draw(), draw(), draw()};
    check_all_transpositions(s);
    check_all_transpositions<double>(s);
  }
}

TEST_CASE("products of static extents", "[gemm]") {
  check_static<32, 10, 128>();
  check_static<1, 64, 64>();
  check_static<2, 7, 5>();
  check_static<5, 1, 9>();
  check_static<7, 31, 100>();
  check_static<16, 16, 16>();
  check_static<33, 65, 47>();
  check_static<100, 80, 1>();
  check_static<32, 128, 784>();
  check_static<130, 113, 257, double>();
}

namespace {

// Twice what is stored: an operand with a fused prologue, made of guarded memory.
template <class T, class Arch = xsimd::default_arch>
struct doubling_loader {
  T const* data;
  std::int64_t stride;

  T load(std::int64_t row, std::int64_t column) const { return 2 * data[row * stride + column]; }
  xsimd::batch<T, Arch> load_batch(std::int64_t row, std::int64_t column) const {
    return xsimd::batch<T, Arch>::load_unaligned(data + row * stride + column) *
           xsimd::batch<T, Arch>(T(2));
  }
  xsimd::batch<T, Arch> load_partial(std::int64_t row, std::int64_t column, int n) const {
    return on_cpu::load_partial<Arch>(data + row * stride + column, n) *
           xsimd::batch<T, Arch>(T(2));
  }
};

template <gemm_shape Shape, class T = float>
void check_loaders(sizes s, int teams = 1) {
  problem<T> const p(s, Shape.transposed_a, Shape.transposed_b, 3);
  guarded<T> half_a(s.m * s.k), half_b(s.k * s.n), c(s.m * s.n);
  for (std::int64_t i = 0; i < s.m * s.k; ++i) half_a[i] = p.a[i] / 2;
  for (std::int64_t i = 0; i < s.k * s.n; ++i) half_b[i] = p.b[i] / 2;
  on_cpu::strided const a{p.a.data(), p.stride_a()}, b{p.b.data(), p.stride_b()};
  doubling_loader<T> const c_a{half_a.data(), p.stride_a()}, c_b{half_b.data(), p.stride_b()};
  on_cpu::store_epilogue<T> const store{c.data(), s.n};
  std::vector<T> one_thread[3];
  using product = on_cpu::gemm<Shape, T>;
  auto const check_result = [&](int operands) {
    auto& first = one_thread[operands];
    INFO("m " << s.m << ", n " << s.n << ", k " << s.k << ", transposed " << Shape.transposed_a
              << Shape.transposed_b);
    CHECK(p.error(c.data()) <= 1);
    if (first.empty()) first.assign(c.begin(), c.end());
    CHECK(std::memcmp(first.data(), c.data(), first.size() * sizeof(T)) == 0);
    for (T& x : c) x = std::numeric_limits<T>::quiet_NaN();
  };
  for (int team_size = 1; team_size <= teams; ++team_size) {
    run_on<product>(team_size, s, c_a, b, store);
    check_result(0);
    run_on<product>(team_size, s, a, c_b, store);
    check_result(1);
    run_on<product>(team_size, s, c_a, c_b, store);
    check_result(2);
  }
}

// C = max(sum + bias, 0), counting how often each element is given.
template <bool Heavy>
struct bias_relu_epilogue {
  static constexpr bool heavy = Heavy;
  float const* bias;
  float* data;
  float* times;
  std::int64_t stride;

  template <class Batch, class Lanes>
  void operator()(std::int64_t row, std::int64_t column, Batch sum, Lanes n) const {
    using arch = typename Batch::arch_type;
    Batch const x = sum + on_cpu::load_partial<arch>(bias + column, n);
    std::int64_t const at = row * stride + column;
    on_cpu::store_partial(data + at, xsimd::select(x > Batch(0.0f), x, Batch(0.0f)), n);
    on_cpu::store_partial(times + at, on_cpu::load_partial<arch>(times + at, n) + Batch(1.0f), n);
  }
};

template <gemm_shape Shape, bool Heavy>
void check_epilogue(sizes s) {
  problem<float> const p(s, Shape.transposed_a, Shape.transposed_b, 5);
  guarded<float> bias(s.n), c(s.m * s.n), times(s.m * s.n);
  for (std::int64_t j = 0; j < s.n; ++j) bias[j] = static_cast<float>(j % 5) * 0.25f - 0.5f;
  run_on<on_cpu::gemm<Shape, float>>(
      2, s, on_cpu::strided{p.a.data(), p.stride_a()}, on_cpu::strided{p.b.data(), p.stride_b()},
      bias_relu_epilogue<Heavy>{bias.data(), c.data(), times.data(), s.n});
  double worst = 0;
  bool once = true;
  for (std::int64_t i = 0; i < s.m * s.n; ++i) {
    double const x = p.expected[static_cast<std::size_t>(i)] + bias[i % s.n];
    worst = std::max(worst, std::abs(std::max(x, 0.0) - static_cast<double>(c[i])));
    once = once && times[i] == 1.0f;
  }
  INFO("m " << s.m << ", n " << s.n << ", k " << s.k);
  CHECK(worst < 1e-6 * static_cast<double>(s.k + 2));
  CHECK(once);
}

}  // namespace

TEST_CASE("products of a team are bit-identical to those of one thread", "[gemm]") {
  check_all_transpositions({65, 130, 70}, 4);
  check_all_transpositions({7, 300, 200}, 3);
  check_all_transpositions({300, 5, 210}, 3);
  check_all_transpositions({1, 700, 450}, 3);
  check_all_transpositions({40, 30, 1500}, 3);    // the contraction in blocks
  check_all_transpositions({700, 100, 1030}, 2);  // rows in blocks, too
  check_all_transpositions<double>({65, 130, 70}, 3);
  check_static<65, 130, 70>(3);
  check_static<40, 200, 1100>(3);
  check_static<1, 700, 450>(3);
}

TEST_CASE("strides known to the compiler, and rows with gaps", "[gemm]") {
  problem<float> const p({21, 40, 30}, false, false, 1);
  guarded<float> c(21 * 40), a(20 * 37 + 30), b(29 * 301 + 40), d(20 * 50 + 40);
  for (std::int64_t i = 0; i < 21; ++i) {
    for (std::int64_t j = 0; j < 30; ++j) a[i * 37 + j] = p.a[i * 30 + j];
  }
  for (std::int64_t i = 0; i < 30; ++i) {
    for (std::int64_t j = 0; j < 40; ++j) b[i * 301 + j] = p.b[i * 40 + j];
  }
  using product = on_cpu::gemm<gemm_shape{.n = 40, .k = 30}, float>;
  run_on<product>(1, p.s, on_cpu::strided<float, 37>{a.data()},
                  on_cpu::strided<float, 301>{b.data()},
                  on_cpu::store_epilogue<float>{c.data(), 40});
  CHECK(p.error(c.data()) <= 1);
  run_on<product>(1, p.s, on_cpu::strided<float, 30>{p.a.data()},
                  on_cpu::strided<float, 40>{p.b.data()},
                  on_cpu::store_epilogue<float>{d.data(), 50});
  for (std::int64_t i = 0; i < 21; ++i) {
    CHECK(std::memcmp(c.data() + i * 40, d.data() + i * 50, 40 * sizeof(float)) == 0);
    if (i < 20) {
      for (std::int64_t j = 40; j < 50; ++j) CHECK(d[i * 50 + j] == 0.0f);
    }
  }
}

TEST_CASE("operands that are computed while they are read", "[gemm]") {
  for (sizes const s : {sizes{1, 40, 33}, sizes{2, 17, 100}, sizes{5, 10, 16}, sizes{33, 50, 47},
                        sizes{100, 70, 80}, sizes{1, 600, 500}, sizes{300, 20, 1100}}) {
    check_loaders<gemm_shape{}>(s, 3);
    check_loaders<gemm_shape{.transposed_b = true}>(s, 3);
    check_loaders<gemm_shape{.transposed_a = true}>(s, 3);
    check_loaders<gemm_shape{.transposed_a = true, .transposed_b = true}, double>(s, 3);
  }
  check_loaders<gemm_shape{.n = 128, .k = 784}>({32, 128, 784}, 2);
  check_loaders<gemm_shape{.n = 784, .k = 128, .transposed_b = true}>({32, 784, 128}, 2);
  check_loaders<gemm_shape{.m = 784, .n = 128, .transposed_a = true}>({784, 128, 32}, 2);
  check_loaders<gemm_shape{.n = 10, .k = 128}>({33, 10, 128});
}

TEST_CASE("epilogues get every element once", "[gemm]") {
  for (sizes const s : {sizes{1, 40, 33}, sizes{3, 17, 5}, sizes{7, 10, 16}, sizes{33, 50, 47},
                        sizes{100, 130, 80}, sizes{11, 1, 3}}) {
    check_epilogue<gemm_shape{}, false>(s);
    check_epilogue<gemm_shape{.transposed_b = true}, true>(s);
    check_epilogue<gemm_shape{.transposed_a = true}, true>(s);
  }
  check_epilogue<gemm_shape{.n = 50, .k = 47}, true>({33, 50, 47});
  check_epilogue<gemm_shape{.n = 50, .k = 47}, false>({33, 50, 47});
  check_epilogue<gemm_shape{.n = 10, .k = 47}, true>({31, 10, 47});
}

TEST_CASE("accumulating adds to what C has; an empty contraction gives zeros", "[gemm]") {
  using product = on_cpu::gemm<gemm_shape{}, float>;
  problem<float> const p({9, 21, 13}, false, false, 2);
  guarded<float> once(9 * 21), twice(9 * 21);
  on_cpu::strided const a{p.a.data(), 13}, b{p.b.data(), 21};
  run_on<product>(1, p.s, a, b, on_cpu::store_epilogue<float>{once.data(), 21});
  run_on<product>(1, p.s, a, b, on_cpu::accumulate_epilogue<float>{twice.data(), 21});
  run_on<product>(1, p.s, a, b, on_cpu::accumulate_epilogue<float>{twice.data(), 21});
  for (std::int64_t i = 0; i < 9 * 21; ++i) CHECK(twice[i] == 2 * once[i]);
  for (std::int64_t m : {1, 3, 9}) {
    for (float& x : once) x = 1;
    run_on<product>(1, {m, 21, 0}, a, b, on_cpu::store_epilogue<float>{once.data(), 21});
    for (std::int64_t i = 0; i < m * 21; ++i) CHECK(once[i] == 0.0f);
  }
  run_on<product>(1, {0, 21, 5}, a, b, on_cpu::store_epilogue<float>{nullptr, 21});
}

#if XSIMD_WITH_SSE2
TEST_CASE("the same products on narrower vectors", "[gemm]") {
  for (sizes const s : {sizes{1, 40, 33}, sizes{6, 17, 100}, sizes{5, 10, 16}, sizes{33, 50, 47},
                        sizes{64, 64, 64}, sizes{3, 5, 2}}) {
    check_all_transpositions<float, xsimd::sse2>(s);
    check_all_transpositions<double, xsimd::sse2>(s);
#if XSIMD_WITH_FMA3_AVX2
    check_all_transpositions<float, xsimd::fma3<xsimd::avx2>>(s);
    check_all_transpositions<double, xsimd::fma3<xsimd::avx2>>(s);
#endif
  }
#if XSIMD_WITH_FMA3_AVX2
  check_static<33, 65, 47, float, xsimd::fma3<xsimd::avx2>>();
  check_static<32, 10, 64, float, xsimd::fma3<xsimd::avx2>>();
#endif
}
#endif

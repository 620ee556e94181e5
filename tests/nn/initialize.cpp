// SPDX-License-Identifier: BSL-1.0
#include <typegrad/nn/initialize.hpp>
#include <typegrad/nn/initializers.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <vector>

namespace {

namespace tg = typegrad;
using tg::extents;

std::vector<float> made(tg::initializer const& how, extents const& shape, std::uint64_t seed = 7,
                        std::uint64_t index = 0) {
  std::vector<float> out(static_cast<std::size_t>(shape.count()), -77.0F);
  tg::initialize(how, shape, seed, index, out);
  return out;
}

struct statistics {
  double mean = 0, deviation = 0, least = 0, most = 0;
};

statistics of(std::vector<float> const& v) {
  statistics s;
  auto const n = static_cast<double>(v.size());
  for (float const x : v) s.mean += double{x} / n;
  for (float const x : v) s.deviation += (double{x} - s.mean) * (double{x} - s.mean) / n;
  s.deviation = std::sqrt(s.deviation);
  s.least = double{*std::min_element(v.begin(), v.end())};
  s.most = double{*std::max_element(v.begin(), v.end())};
  return s;
}

bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

TEST_CASE("constants") {
  CHECK(made(tg::zeros{}, {3}) == std::vector<float>{0, 0, 0});
  CHECK(made(tg::ones{}, {2}) == std::vector<float>{1, 1});
  CHECK(made(tg::constant{.value = 0.5F}, {2}) == std::vector<float>{0.5F, 0.5F});
  CHECK(made(tg::initializers::identity{.gain = 2}, {2, 3}) ==
        std::vector<float>{2, 0, 0, 0, 2, 0});
}

TEST_CASE("first values depend on seed, weight and element, and on nothing else") {
  auto const a = made(tg::random_normal{}, {100}, 1, 0);
  CHECK(a == made(tg::random_normal{}, {100}, 1, 0));
  CHECK(a != made(tg::random_normal{}, {100}, 2, 0));
  CHECK(a != made(tg::random_normal{}, {100}, 1, 1));
  auto const longer = made(tg::random_normal{}, {120}, 1, 0);
  CHECK(std::equal(a.begin(), a.end(), longer.begin()));
  CHECK(a != made(tg::random_normal{}, {100}, 1 + (std::uint64_t{1} << 32), 0));
}

TEST_CASE("distributions have their moments and their limits") {
  extents const shape{300, 200};
  auto s = of(made(tg::random_uniform{}, shape));
  CHECK((s.least >= -0.05 && s.most < 0.0500001 && s.most > 0.0499 && s.least < -0.0499));
  CHECK((near(s.mean, 0, 5e-4) && near(s.deviation, 0.1 / std::sqrt(12.0), 5e-4)));
  s = of(made(tg::random_normal{.mean = 1, .stddev = 2}, shape));
  CHECK((near(s.mean, 1, 0.03) && near(s.deviation, 2, 0.03) && s.most > 1 + 6.5));
  s = of(made(tg::truncated_normal{.mean = 1, .stddev = 2}, shape));
  CHECK((near(s.mean, 1, 0.03) && near(s.deviation, 2 * 0.8796, 0.03)));
  CHECK((s.least >= -3 && s.most <= 5 && s.least < -2.98 && s.most > 4.98));
}

TEST_CASE("variance scaling follows the fans") {
  extents const shape{300, 200};
  auto s = of(made(tg::glorot_uniform{}, shape));
  double limit = std::sqrt(6.0 / 500);
  CHECK((s.least >= -limit && s.most <= limit && s.most > 0.999 * limit));
  CHECK(near(s.deviation, limit / std::sqrt(3.0), 1e-3));
  s = of(made(tg::he_uniform{}, shape));
  limit = std::sqrt(6.0 / 300);
  CHECK((s.least >= -limit && s.most <= limit && s.most > 0.999 * limit));
  s = of(made(tg::lecun_uniform{}, shape));
  limit = std::sqrt(3.0 / 300);
  CHECK((s.least >= -limit && s.most <= limit && s.most > 0.999 * limit));
  auto const deviates = [&](tg::initializer const& how, double deviation) {
    return near(of(made(how, shape)).deviation, deviation, 0.02 * deviation);
  };
  CHECK(deviates(tg::glorot_normal{}, std::sqrt(2.0 / 500)));
  CHECK(deviates(tg::he_normal{}, std::sqrt(2.0 / 300)));
  CHECK(deviates(tg::lecun_normal{}, std::sqrt(1.0 / 300)));
  using tg::initializers::distribution;
  using tg::initializers::fan_mode;
  CHECK(
      deviates(tg::variance_scaling{.scale = 3, .mode = fan_mode::fan_out}, std::sqrt(3.0 / 200)));
  auto const untruncated =
      of(made(tg::variance_scaling{.distribution = distribution::untruncated_normal}, shape));
  CHECK(near(untruncated.deviation, std::sqrt(1.0 / 300), 2e-3));
  CHECK(untruncated.most > 3 * std::sqrt(1.0 / 300));
}

TEST_CASE("fans of kernels with a window, of vectors and of scalars") {
  using tg::initializer;
  using tg::detail::fan_of;
  CHECK(fan_of({3, 3, 8, 16}, initializer::fan::in) == 72);
  CHECK(fan_of({3, 3, 8, 16}, initializer::fan::out) == 144);
  CHECK(fan_of({3, 3, 8, 16}, initializer::fan::average) == 108);
  CHECK(fan_of({5}, initializer::fan::in) == 5);
  CHECK(fan_of({5}, initializer::fan::out) == 5);
  CHECK(fan_of({}, initializer::fan::in) == 1);
}

TEST_CASE("orthogonal matrices have orthonormal rows or columns") {
  for (extents const& shape : {extents{20, 12}, extents{12, 20}, extents{2, 3, 4}, extents{5, 5}}) {
    CAPTURE(to_text(shape).view());
    auto const m = made(tg::orthogonal{.gain = 2}, shape);
    int const columns = static_cast<int>(shape.back());
    int const rows = static_cast<int>(shape.count()) / columns;
    int const few = std::min(rows, columns);
    int const many = std::max(rows, columns);
    auto const at = [&](int i, int k) {  // component k of vector i
      return double{
          m[static_cast<std::size_t>(rows > columns ? k * columns + i : i * columns + k)]};
    };
    for (int i = 0; i < few; ++i)
      for (int j = 0; j < few; ++j) {
        double dot = 0;
        for (int k = 0; k < many; ++k) dot += at(i, k) * at(j, k);
        CHECK(near(dot, i == j ? 4 : 0, 1e-5));
      }
  }
}

TEST_CASE("the orthogonal factor's signs make the decomposition's diagonal positive") {
  // a = q r with r's diagonal positive, so (q, a) has a positive diagonal
  tg::list<double> a{3, 1, 4, 1, -5, 9};  // 3 x 2
  tg::list<double> q = a;
  tg::detail::orthonormalize(q, 3, 2);
  auto const dot = [&](int i, int j) {
    return q[i] * a[j] + q[2 + i] * a[2 + j] + q[4 + i] * a[4 + j];
  };
  CHECK(dot(0, 0) > 0);
  CHECK(dot(1, 1) > 0);
  CHECK(near(dot(1, 0), 0, 1e-12));
}

}  // namespace

// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <type_traits>

// A gradient is the limit of differences, of first and second order, in float64; and how gradients
// are told apart.

namespace {

namespace tg = typegrad;

using matrix = tg::tensor<double, 2, 3>;

matrix sample(int seed, double low, double high) {
  return tg::random(static_cast<std::uint64_t>(seed)).uniform<double, 2, 3>(low, high);
}

/// Holds a function's gradient against differences of its values.
template <class F>
void check_gradient(F const& f, matrix const& x) {
  auto const [value, gradient] = tg::value_and_gradient(f)(x);
  static_assert(std::is_same_v<std::remove_const_t<decltype(gradient)>, matrix>);
  CHECK(std::isfinite(value));
  matrix moved = x;
  auto const at_moved = f(tg::lazy(moved));
  constexpr double h = 1e-5;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double values[2];
    for (int side = 0; side < 2; ++side) {
      moved.data()[i] = x.data()[i] + (side == 0 ? h : -h);
      values[side] = tg::evaluate(at_moved);
    }
    moved.data()[i] = x.data()[i];
    double const difference = (values[0] - values[1]) / (2 * h);
    CAPTURE(i, difference, gradient.data()[i]);
    CHECK(std::abs(difference - gradient.data()[i]) <= 1e-6 * std::max(1.0, std::abs(difference)));
  }
}

/// The gradient of a scalar of f(x), and with Second that of a scalar of that gradient.
template <bool Second, class F>
void check_law(F const& f, matrix const& x) {
  auto const scalar = [&f](auto v) {
    auto const y = f(v);
    return tg::sum(y * y) + tg::sum(tg::sin(y));
  };
  check_gradient(scalar, x);
  if constexpr (Second) {
    check_gradient(
        [&scalar](auto v) {
          auto const g = tg::gradient(scalar)(v);
          return tg::sum(tg::sin(g * 0.3) + 0.1 * g);
        },
        x);
  }
}

}  // namespace

#define LAW(order, name, low, high, ...)                                             \
  TEST_CASE("expressions: the gradient of " name, "[expressions]") {                 \
    check_law<order == 2>([](auto x) { return __VA_ARGS__; }, sample(3, low, high)); \
  }

// laws.cpp holds every function to it by the reference evaluator; these are of compiled programs.
LAW(2, "mathematics", 0.3, 2,
    -tg::exp(x) - tg::log(x) + tg::expm1(x) * tg::log1p(x) + tg::sqrt(x) * tg::rsqrt(x * x))
LAW(1, "choices", -2, 2,
    tg::maximum(x, 0.5 * x + 0.3) * tg::minimum(x, 0.21) + tg::where(x > 0.1, x* x, tg::exp(x)) +
        tg::clip(x, -1, 1) * x)
LAW(2, "variance and norm", -2, 2, tg::var<1>(x) + tg::norm(x) + tg::stddev<1>(x))
LAW(1, "softmax, composed", -2, 2,
    tg::exp(x - tg::max<1, tg::keep_dims>(x)) /
        tg::sum<1, tg::keep_dims>(tg::exp(x - tg::max<1, tg::keep_dims>(x))))
LAW(2, "transpose and matmul", -1, 1, tg::matmul(x, tg::transpose(x)))
LAW(1, "elements in other places", -1, 1,
    tg::concatenate(reshape(x, tg::shape<3, 2>{}),
                    tg::transpose(tg::slice(x* x, tg::shape<0, 0>{}, tg::shape<2, 3>{}))) +
        tg::sum<2>(tg::pad(flip<1>(tg::stack<1>(x, tg::exp(x))), tg::shape<1, 0, 0>{},
                           tg::shape<0, 2, 1>{}, 3)))

TEST_CASE("expressions: gradients by variables nest to any order", "[expressions]") {
  auto x = tg::variable<"x", tg::shape<>, double>(0.7);
  auto const f = tg::sin(x);
  auto const d1 = tg::gradient(f, x);
  auto const d2 = tg::gradient(d1, x);
  auto const d3 = tg::gradient(d2, x);
  auto const d4 = tg::gradient(d3, x);
  CHECK(std::abs(tg::evaluate(d1) - std::cos(0.7)) < 1e-12);
  CHECK(std::abs(tg::evaluate(d2) + std::sin(0.7)) < 1e-12);
  CHECK(std::abs(tg::evaluate(d3) + std::cos(0.7)) < 1e-12);
  CHECK(std::abs(tg::evaluate(d4) - std::sin(0.7)) < 1e-12);
  x.assign(0.2);
  CHECK(std::abs(tg::evaluate(d4) - std::sin(0.2)) < 1e-12);
}

TEST_CASE("expressions: a gradient by a variable that is not there is zero", "[expressions]") {
  auto x = tg::variable<"x", tg::shape<3>>({1, 2, 3});
  auto y = tg::variable<"y", tg::shape<2>>({1, 2});
  tg::tensor<float, 2> const none = tg::gradient(tg::sum(x * x), y);
  CHECK(none(0) == 0);
  CHECK(none(1) == 0);
}

TEST_CASE("expressions: gradients of two losses of one type are not mixed up", "[expressions]") {
  auto m = tg::variable<"m">(2.0f);
  tg::tensor<float, 3> const a{1, 2, 3}, b{4, 5, 6};
  auto const loss = [&](auto const& x) { return tg::sum(tg::square(m * x)); };
  auto const by_a = tg::gradient(loss(a), m);
  auto const by_b = tg::gradient(loss(b), m);
  auto const again = tg::gradient(loss(a), m);
  CHECK(tg::evaluate(by_a) == 2 * 2 * 14);
  CHECK(tg::evaluate(by_b) == 2 * 2 * 77);
  CHECK(tg::evaluate(by_a + by_b) == 4 * (14 + 77));
  CHECK(tg::evaluate(by_a + again) == 8 * 14);
  auto const [x, y, z] = tg::evaluate(by_a, by_b, loss(b));
  CHECK(x == 4 * 14);
  CHECK(y == 4 * 77);
  CHECK(z == 4 * 77);
  auto const tripled = [&](float by) { return by * m; };
  CHECK(tg::evaluate(tg::gradient(tripled(3), m) + tg::gradient(tripled(5), m)) == 8);
}

TEST_CASE("expressions: two variables of one name are refused", "[expressions]") {
  auto a = tg::variable<"a">(1.0f);
  auto b = tg::variable<"a">(2.0f);
  CHECK_THROWS_AS(tg::evaluate(a * b), std::invalid_argument);
  CHECK(tg::evaluate(a * a) == 1);
}

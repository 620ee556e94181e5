// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <stdexcept>
#include <tuple>

namespace {

namespace tg = typegrad;

auto const rosenbrock = [](auto x) {
  auto const head = tg::slice(x, tg::shape<0>{}, tg::shape<4>{});
  auto const tail = tg::slice(x, tg::shape<1>{}, tg::shape<5>{});
  return tg::sum(100 * tg::square(tail - tg::square(head)) + tg::square(1 - head));
};

bool close(double a, double b, double tolerance = 1e-9) {
  return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

}  // namespace

TEST_CASE("transforms: value and gradient by position", "[expressions]") {
  auto const f = [](auto x, auto y) { return tg::sum(tg::exp(x) * y); };
  tg::tensor<double, 3> const x{0, 1, 2}, y{1, 2, 3};
  auto const [value, dx, dy] = tg::value_and_gradient(f)(x, y);
  for (int i = 0; i < 3; ++i) {
    CHECK(close(dx(i), std::exp(x(i)) * y(i)));
    CHECK(close(dy(i), std::exp(x(i))));
  }
  auto const second = tg::gradient<1>(f)(x, y);
  CHECK(close(second(2), std::exp(2.0)));
  CHECK(close(value, 1 + 2 * std::exp(1.0) + 3 * std::exp(2.0)));
  // the same object twice is two arguments
  auto const [first, other] = tg::gradient(f)(x, x);
  CHECK(close(first(1), std::exp(1.0)));
  CHECK(close(other(1), std::exp(1.0)));
  CHECK(tg::gradient([](auto a) { return a * a; })(3.0f) == 6.0f);
}

TEST_CASE("transforms: nesting, as perturbations must not be confused", "[expressions]") {
  // d/dx (x * d/dy (x + y) at y = 1) = 1, not 2
  auto const f = [](auto x) { return x * tg::gradient([x](auto y) { return x + y; })(1 * x / x); };
  CHECK(close(static_cast<double>(tg::gradient(f)(5.0f)), 1));
  auto const cube = [](auto x) { return x * x * x; };
  CHECK(tg::gradient(tg::gradient(cube))(2.0f) == 12.0f);
  CHECK(tg::gradient(tg::gradient(tg::gradient(cube)))(2.0f) == 6.0f);
  // the inner derivative at a value that depends on the outer argument
  auto const chained = [cube](auto x) { return tg::gradient(cube)(x * x); };  // 3 x^4
  CHECK(tg::gradient(chained)(2.0f) == 12 * 8.0f);
}

TEST_CASE("transforms: Hessians are symmetric and match", "[expressions]") {
  tg::tensor<double, 5> const x{0.1, -0.4, 0.7, 1.2, -0.3};
  tg::tensor<double, 5, 5> const h = tg::hessian(rosenbrock)(x);
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) {
      CHECK(close(h(i, j), h(j, i)));
      double wanted = 0;
      if (i == j)
        wanted += (i < 4 ? 1200 * x(i) * x(i) - 400 * x(i + 1) + 2 : 0) + (i > 0 ? 200 : 0);
      if (std::abs(i - j) == 1) wanted += -400 * x(std::min(i, j));
      CHECK(close(h(i, j), wanted));
    }
  auto const f = [](auto a, auto b) { return tg::sum(a * a) * tg::sum(b); };
  tg::tensor<double, 2> const a{1, 2};
  tg::tensor<double, 3> const b{3, 4, 5};
  auto const [first, second] = tg::hessian(f)(a, b);
  CHECK(std::get<0>(first)(0, 0) == 24);
  CHECK(std::get<1>(first)(1, 2) == 4);
  CHECK(std::get<0>(second)(2, 1) == 4);
  CHECK(std::get<1>(second)(0, 1) == 0);
}

TEST_CASE("transforms: jvp, vjp and jacobian agree", "[expressions]") {
  auto const f = [](auto x, auto w) { return tg::sin(tg::matmul(w, x)) * tg::sum(x); };
  tg::random random{1};
  auto const x = random.normal<double, 4>();
  auto const w = random.normal<double, 3, 4>();
  auto const v = random.normal<double, 4>();
  auto const dw = random.normal<double, 3, 4>();
  auto const u = random.normal<double, 3>();
  auto const [y, tangent] = tg::jvp(f, std::tuple{x, w}, std::tuple{v, dw});
  auto const [same, pull] = tg::vjp(f, x, w);
  auto const [cx, cw] = pull(u);
  auto const [jx, jw] = tg::jacobian(f)(x, w);
  double forward = 0, backward = 0;
  for (int i = 0; i < 3; ++i) {
    CHECK(y(i) == same(i));
    forward += u(i) * tangent(i);
    double t = 0;
    for (int j = 0; j < 4; ++j) {
      t += jx(i, j) * v(j);
      for (int k = 0; k < 3; ++k) t += jw(i, k, j) * dw(k, j);
    }
    CHECK(close(t, tangent(i)));
  }
  for (int j = 0; j < 4; ++j) {
    backward += cx(j) * v(j);
    for (int k = 0; k < 3; ++k) backward += cw(k, j) * dw(k, j);
  }
  CHECK(close(forward, backward));
  // differences
  constexpr double h = 1e-6;
  tg::tensor<double, 4> const xp = x + h * v, xm = x - h * v;
  tg::tensor<double, 3, 4> const wp = w + h * dw, wm = w - h * dw;
  tg::tensor<double, 3> const up = f(tg::lazy(xp), tg::lazy(wp)),
                              down = f(tg::lazy(xm), tg::lazy(wm));
  for (int i = 0; i < 3; ++i) CHECK(close(tangent(i), (up(i) - down(i)) / (2 * h), 1e-7));
}

TEST_CASE("transforms: jacobians and Hessians are parts of expressions", "[expressions]") {
  tg::tensor<double, 3> const x{0.3, -0.5, 0.8};
  auto const f = [](auto v) { return tg::sin(v) * tg::sum(v * v); };
  // a Jacobian of an expression is an expression: J_ij = cos(x_i) s d_ij + 2 sin(x_i) x_j
  auto const trace = tg::evaluate(tg::sum(tg::jacobian(f)(1 * x) * tg::eye<double, 3>()));
  double const s = x(0) * x(0) + x(1) * x(1) + x(2) * x(2);
  double wanted = 0;
  for (int i = 0; i < 3; ++i) wanted += std::cos(x(i)) * s + 2 * std::sin(x(i)) * x(i);
  CHECK(close(trace, wanted));
  // one is differentiated: the sum of the squares of J
  auto const size = [f](auto v) { return tg::sum(tg::square(tg::jacobian(f)(v))); };
  auto const slope = tg::gradient(size)(x);
  constexpr double h = 1e-5;
  for (int i = 0; i < 3; ++i) {
    tg::tensor<double, 3> above = x, below = x;
    above(i) += h;
    below(i) -= h;
    double const up = tg::evaluate(size(tg::lazy(above)));
    double const down = tg::evaluate(size(tg::lazy(below)));
    CHECK(close(slope(i), (up - down) / (2 * h), 1e-7));
  }
  // third derivatives: the gradient of a Hessian's trace
  auto const g = [](auto v) { return tg::sum(tg::pow<4>(v)) + tg::sum(v) * tg::sum(v * v); };
  auto const laplace = [g](auto v) { return tg::sum(tg::hessian(g)(v) * tg::eye<double, 3>()); };
  auto const third = tg::gradient(laplace)(x);
  for (int i = 0; i < 3; ++i) CHECK(close(third(i), 24 * x(i) + 4 + 6));
  // of a scalar it is the gradient; of a matrix it has four axes
  auto const of_scalar = tg::jacobian(g)(x);
  auto const gradient = tg::gradient(g)(x);
  for (int i = 0; i < 3; ++i) CHECK(close(of_scalar(i), gradient(i)));
  tg::tensor<float, 2, 3> const m{{1, 2, 3}, {4, 5, 6}};
  tg::tensor<float, 3, 2, 2, 3> const t =
      tg::jacobian([](auto a) { return tg::transpose(a) * 2; })(m);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j)
      for (int k = 0; k < 2; ++k)
        for (int l = 0; l < 3; ++l) CHECK(t(i, j, k, l) == (i == l && j == k ? 2 : 0));
}

TEST_CASE("transforms: by variables they are those by position", "[expressions]") {
  tg::random random{4};
  auto x = tg::variable<"x", tg::shape<4>, double>(random.normal<double, 4>());
  auto w = tg::variable<"w", tg::shape<3, 4>, double>(random.normal<double, 3, 4>());
  auto other = tg::variable<"other", tg::shape<2>, double>({1, 2});
  auto const f = [](auto a, auto b) { return tg::sin(tg::matmul(b, a)) * tg::sum(a); };
  auto const y = f(tg::lazy(x), tg::lazy(w));
  auto const same = [](auto const& a, auto const& b) {
    auto const difference = tg::evaluate(tg::max(tg::abs(tg::lazy(a) - tg::lazy(b))));
    return difference < 1e-12;
  };
  auto const [jx, jw] = tg::jacobian(y, x, w);
  auto const [px, pw] = tg::jacobian(f)(x, w);
  CHECK(same(jx, px));
  CHECK(same(jw, pw));
  tg::tensor<double, 3, 2> const none = tg::jacobian(y, other);
  CHECK(tg::evaluate(tg::max(tg::abs(none))) == 0);

  auto const v = random.normal<double, 4>();
  auto const u = random.normal<double, 3>();
  auto const [value, tangent] = tg::jvp(y, std::tie(x), std::tuple{v});
  CHECK(same(value, y));
  CHECK(same(tangent, tg::matmul(tg::lazy(px), v)));
  auto const [again, pull] = tg::vjp(y, x, w);
  auto const [cx, cw] = pull(u);
  auto const [wanted_x, wanted_w] = std::get<1>(tg::vjp(f, x, w))(u);
  CHECK(same(again, y));
  CHECK(same(cx, wanted_x));
  CHECK(same(cw, wanted_w));

  auto const z = tg::sum(tg::square(y));
  auto const scalar = [f](auto a, auto b) { return tg::sum(tg::square(f(a, b))); };
  auto const [hx, hw] = tg::hessian(z, x, w);
  auto const [qx, qw] = tg::hessian(scalar)(x, w);
  CHECK(same(std::get<0>(hx), std::get<0>(qx)));
  CHECK(same(std::get<1>(hx), std::get<1>(qx)));
  CHECK(same(std::get<0>(hw), std::get<0>(qw)));
  CHECK(same(tg::hessian(z, x), std::get<0>(qx)));
  auto const [zero, dx] = tg::value_and_gradient(z, x);
  auto const [number, slope] = tg::evaluate(zero, dx);
  CHECK(close(number, tg::evaluate(z)));
  CHECK(same(slope, tg::gradient(z, x)));
  // a tangent that nobody else has is part of the expression
  auto const [same_value, along] =
      tg::jvp([](auto a) { return a * a; }, std::tuple{1 * x}, std::tuple{tg::ones<double, 4>()});
  CHECK(same(along, 2 * x));
  // they follow the variables
  x.assign(2 * x);
  CHECK(same(jx, std::get<0>(tg::jacobian(f)(x, w))));
}

TEST_CASE("transforms: jvp of a function without its argument is zero", "[expressions]") {
  tg::tensor<float, 2> const x{1, 2}, v{1, 1};
  auto const [y, t] =
      tg::jvp([](auto a) { return tg::stop_gradient(a) * 2; }, std::tuple{x}, std::tuple{v});
  CHECK(y(1) == 4);
  CHECK(t(1) == 0);
}

TEST_CASE("transforms: functions may use tensors from outside", "[expressions]") {
  tg::tensor<float, 3> const data{1, 2, 3};
  auto bias = tg::variable<"bias">(1.0f);
  auto const f = [&](auto w) { return tg::mean(tg::square(w * data + bias)); };
  auto const [value, slope] = tg::value_and_gradient(f)(2.0f);
  CHECK(close(static_cast<double>(value), (9.0 + 25 + 49) / 3, 1e-6));
  CHECK(close(static_cast<double>(slope), 2 * (3.0 + 10 + 21) / 3, 1e-6));
}

TEST_CASE("transforms: parts of a function that have one type are not mixed up", "[expressions]") {
  tg::tensor<float, 2> const x{0, 0}, a{1, 2}, b{3, 4};
  auto const f = [&](auto v) { return tg::sum(tg::exp(v * a)) + tg::sum(tg::exp(v * b)); };
  auto const [value, slope] = tg::value_and_gradient(f)(x);
  CHECK(value == 4);
  CHECK(slope(0) == 4);
  CHECK(slope(1) == 6);
  auto const h = tg::hessian(f)(x);
  CHECK(h(0, 0) == 10);
  CHECK(h(1, 1) == 20);
  auto const j = tg::jacobian([&](auto v) { return tg::exp(v * a) + tg::exp(v * b); })(x);
  CHECK(j(0, 0) == 4);
  CHECK(j(1, 1) == 6);
  auto const [y, tangent] = tg::jvp(f, std::tuple{x}, std::tuple{a});
  CHECK(y == 4);
  CHECK(tangent == 4 + 12);
  auto const [same, pull] = tg::vjp(f, x);
  CHECK(same == 4);
  CHECK(pull(2.0f)(1) == 12);
  auto const numbers = [](auto v) { return tg::sum(tg::exp(2 * v)) + tg::sum(tg::exp(3 * v)); };
  CHECK(tg::gradient(numbers)(x)(0) == 5);
  // an inner function of one type, with tensors of its own
  auto const outer = [&](auto v) {
    auto const inner = [](auto const& t) { return [&t](auto u) { return tg::sum(u * u * t); }; };
    return tg::sum(tg::gradient(inner(a))(v)) + tg::sum(tg::gradient(inner(b))(v));
  };
  CHECK(tg::gradient(outer)(x)(0) == 2 * (1 + 3));
}

TEST_CASE("transforms: a derivative by what is not there has its extents", "[expressions]") {
  auto m = tg::variable<"m", tg::shape<tg::dynamic, 2>>(
      tg::tensor<float, tg::dynamic, 2>{{1, 2}, {3, 4}, {5, 6}});
  auto w = tg::variable<"w", tg::shape<2>>({1, 2});
  auto const none = tg::evaluate(tg::gradient(tg::sum(w), m));
  CHECK(none.rows() == 3);
  CHECK(none(2, 1) == 0);
  m.assign(m + tg::gradient(tg::sum(w), m));
  CHECK(m.value().rows() == 3);
  auto const [y, pull] = tg::vjp(2 * w, m);
  CHECK(tg::evaluate(pull(w)).rows() == 3);
  auto other = tg::variable<"w", tg::shape<2>>({3, 4});
  CHECK_THROWS_AS(tg::evaluate(tg::gradient(tg::sum(w * w), other)), std::invalid_argument);
  auto empty = tg::variable<"empty", tg::shape<0>>();
  auto const [j, total] = tg::evaluate(tg::jacobian(empty * tg::sum(w), w), tg::sum(w));
  CHECK(j.size() == 0);
  CHECK(total == 3);
}

TEST_CASE("transforms: temporaries are part of Hessians", "[expressions]") {
  tg::tensor<double, 40> const k = tg::ones<double, 40>();
  auto const h = tg::hessian([](auto a, auto b) { return tg::sum(a * a * b); })(
      1 * k, 3 * tg::evaluate(tg::ones<double, 40>() * k));
  CHECK(tg::evaluate(std::get<0>(std::get<0>(h)))(39, 39) == 6);
}

TEST_CASE("transforms: gradients of one's own", "[expressions]") {
  // the identity, whose gradient is held within bounds
  constexpr auto clipped = tg::custom_gradient([](auto x) { return 1 * x; },
                                               [](auto dy, auto) { return tg::clip(dy, -1, 1); });
  auto const f = [=](auto x) { return tg::sum(tg::square(clipped(3 * x))); };
  tg::tensor<double, 3> const x{0.01, 0.1, -2};
  auto const [value, slope] = tg::value_and_gradient(f)(x);
  CHECK(close(value, 9 * (0.0001 + 0.01 + 4)));
  CHECK(close(slope(0), 3 * 2 * 0.03));
  CHECK(close(slope(1), 3 * 2 * 0.3));
  CHECK(close(slope(2), -3));
  // of two arguments; the rule is differentiated as well
  constexpr auto product = tg::custom_gradient(
      [](auto a, auto b) { return a * b; },
      [](auto dy, auto a, auto b) { return std::tuple{2 * dy * b, dy * a * a}; });
  auto const g = [=](auto a, auto b) { return product(a, b); };
  auto const [da, db] = tg::gradient(g)(tg::tensor<double>(3.0), tg::tensor<double>(5.0));
  CHECK(da == 10);
  CHECK(db == 9);
  auto const second = [=](auto a) { return tg::gradient<1>(g)(a, tg::tensor<double>(5.0) * 1); };
  CHECK(tg::gradient(second)(tg::tensor<double>(3.0)) == 6);
}

TEST_CASE("transforms: of expressions they are expressions", "[expressions]") {
  tg::tensor<float, 2> const x{1, 2};
  auto const f = [](auto v) { return tg::sum(v * v); };
  auto const slope = tg::gradient(f)(2 * x);
  CHECK(tg::evaluate(slope)(1) == 8);
  // a function that uses the argument of another one
  auto const outer = [&](auto a) {
    return tg::sum(tg::gradient([a](auto b) { return tg::sum(a * b * b); })(x));
  };
  CHECK(tg::gradient(outer)(3.0f) == 6);
  CHECK(tg::evaluate(tg::hessian(f)(x + 1))(0, 0) == 2);
}

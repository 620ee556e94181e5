// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <tuple>

// Loops and choices that depend on data.

namespace {

namespace tg = typegrad;

bool close(double a, double b, double tolerance = 1e-9) {
  return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

}  // namespace

TEST_CASE("control: cond computes one of two", "[expressions]") {
  auto x = tg::variable<"x", tg::shape<3>, double>({1, -2, 3});
  tg::tensor<double, 3> const other{10, 20, 30};
  auto const y =
      tg::cond(tg::sum(x) > 0, [](auto v) { return v * v; }, [&](auto v) { return v + other; }, x);
  CHECK(tg::evaluate(y)(1) == 4);
  auto const slope = tg::gradient(tg::sum(y), x);
  CHECK(tg::evaluate(slope)(1) == -4);
  x.assign(-x);
  CHECK(tg::evaluate(y)(1) == 22);
  CHECK(tg::evaluate(slope)(1) == 1);
  auto const [a, b] = tg::cond(
      tg::max(x) > 0, [](auto v) { return std::tuple{v, 2 * v}; },
      [](auto v) { return std::tuple{-v, v}; }, x);
  CHECK(tg::evaluate(b)(1) == 4);
  CHECK(tg::evaluate(a)(0) == -1);
}

TEST_CASE("control: while_loop goes on as long as the data say", "[expressions]") {
  auto limit = tg::variable<"limit">(100.0f);
  // how often 3 must be doubled, and what comes out
  auto const [value, turns] =
      tg::while_loop([&](auto v, auto) { return v < limit; },
                     [](auto v, auto n) { return std::tuple{2 * v, n + 1}; },
                     tg::tensor<float>(3.0f), tg::tensor<int>(0));
  CHECK(tg::evaluate(value) == 192);
  CHECK(tg::evaluate(turns) == 6);
  limit.assign(1000);
  CHECK(tg::evaluate(turns) == 9);
  limit.assign(2);
  CHECK(tg::evaluate(value) == 3);
}

TEST_CASE("control: fori_loop, and its gradient", "[expressions]") {
  auto x = tg::variable<"x", tg::shape<>, double>(1.5);
  auto const power = tg::fori_loop<0, 5>([&](auto, auto v) { return v * x; }, 1.0 * x / x);
  CHECK(close(tg::evaluate(power), std::pow(1.5, 5)));
  CHECK(close(tg::evaluate(tg::gradient(power, x)), 5 * std::pow(1.5, 4)));
  CHECK(close(tg::evaluate(tg::gradient(tg::gradient(power, x), x)), 20 * std::pow(1.5, 3)));
  auto count = tg::variable<"count", tg::shape<>, std::int32_t>(4);
  auto const sum =
      tg::fori_loop(0, count, [](auto i, auto v) { return v + i; }, tg::tensor<int>(0));
  CHECK(tg::evaluate(sum) == 6);
  count.assign(10);
  CHECK(tg::evaluate(sum) == 45);
  count.assign(-1);
  CHECK(tg::evaluate(sum) == 0);
}

TEST_CASE("control: scan, forwards and backwards", "[expressions]") {
  tg::tensor<float, 4> const x{1, 2, 3, 4};
  auto const running = [](auto carry, auto v) { return std::tuple{carry + v, carry * v}; };
  auto const [last, all] = tg::scan(running, tg::tensor<float>(10.0f), x);
  CHECK(tg::evaluate(last) == 20);
  auto const products = tg::evaluate(all);
  CHECK(products(0) == 10);
  CHECK(products(3) == 16 * 4);
  auto const [first, back] =
      tg::scan<tg::scan_options{.reverse = true}>(running, tg::tensor<float>(10.0f), x);
  CHECK(tg::evaluate(first) == 20);
  CHECK(tg::evaluate(back)(0) == 19);
  auto const doubled = tg::scan<tg::scan_options{.length = 3}>([](auto c) { return 2 * c; },
                                                               tg::tensor<float>(1.0f));
  CHECK(tg::evaluate(doubled) == 8);
}

TEST_CASE("control: a recurrent network by scan has the gradients of differences",
          "[expressions]") {
  tg::random random{2};
  auto const w = random.normal<double, 3, 3>(0, 0.5);
  auto const u = random.normal<double, 2, 3>(0, 0.5);
  auto const xs = random.normal<double, 5, 2>();
  auto const loss = [&](auto weights, auto inputs) {
    auto const [h, ys] = tg::scan(
        [&](auto state, auto x) {
          auto const next = tg::sin(tg::matmul(state, weights) + tg::matmul(x, inputs));
          return std::tuple{next, tg::sum(next * next)};
        },
        tg::zeros<double, 3>(), xs);
    return tg::sum(h) + tg::sum(ys);
  };
  auto const [value, dw, du] = tg::value_and_gradient(loss)(w, u);
  CHECK(std::isfinite(value));
  tg::tensor<double, 3, 3> moved = w;
  auto const at_moved = loss(tg::lazy(moved), tg::lazy(u));
  for (int i = 0; i < 9; ++i) {
    constexpr double h = 1e-5;
    double sides[2];
    for (int side = 0; side < 2; ++side) {
      moved.data()[i] = w.data()[i] + (side == 0 ? h : -h);
      sides[side] = tg::evaluate(at_moved);
    }
    moved.data()[i] = w.data()[i];
    CHECK(close(dw.data()[i], (sides[0] - sides[1]) / (2 * h), 1e-6));
  }
  (void)du;
}

TEST_CASE("control: a loop without a turn, whose body has tensors of its own", "[expressions]") {
  tg::tensor<float, 2> const x{1, 2}, factor{3, 4}, y{10, 20};
  auto const none = tg::fori_loop<0, 0>([&](auto, auto v) { return v * factor; }, x);
  CHECK(tg::evaluate(none + y)(0) == 11);
  auto const one = tg::fori_loop<0, 1>([&](auto, auto v) { return v * factor; }, x);
  CHECK(tg::evaluate(one + y)(1) == 28);
}

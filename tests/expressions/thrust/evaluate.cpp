// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>
#include <typegrad/expressions/thrust/computer.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstddef>
#include <tuple>
#include <type_traits>

// Expressions computed on Thrust are what they are on the CPU.

namespace {

namespace tg = typegrad;
using device = tg::on<tg::thrust>;

bool close(double a, double b) { return std::abs(a - b) <= 1e-5 * std::max(1.0, std::abs(b)); }

template <class T, std::int64_t... Dims>
bool close(tg::tensor<T, Dims...> const& a, tg::tensor<T, Dims...> const& b) {
  if (a.shape() != b.shape()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!close(static_cast<double>(a.data()[i]), static_cast<double>(b.data()[i]))) return false;
  return true;
}

}  // namespace

TEST_CASE("thrust: an expression and its gradients", "[thrust]") {
  tg::random random{5};
  auto const x = random.normal<float, 65, 33>();
  auto w = tg::variable<"w", tg::shape<33, 7>>(random.normal<float, 33, 7>());
  auto b = tg::variable<"b", tg::shape<7>>(random.normal<float, 7>());
  auto const y = tg::sin(tg::matmul(x, w) + b);
  auto const loss = tg::mean(tg::square(y));
  auto const [dw, db] = tg::gradient(loss, w, b);
  auto const [value, there_w, there_b] = tg::evaluate<device>(loss, dw, db);
  static_assert(std::is_same_v<std::remove_const_t<decltype(value)>, float>);
  auto const [here, here_w, here_b] = tg::evaluate(loss, dw, db);
  CHECK(close(value, here));
  CHECK(close(there_w, here_w));
  CHECK(close(there_b, here_b));
  // other values of the same leaves, then a smaller program and a larger one in the same memory
  b.assign(2 * b);
  CHECK(close(tg::evaluate<device>(y), tg::evaluate(y)));
  CHECK(tg::evaluate<device>(1 + tg::tensor<int, 3>{1, 2, 3})(2) == 4);
  CHECK(close(tg::evaluate<device>(tg::hessian([](auto v) { return tg::sum(tg::exp(v)); })(b)),
              tg::evaluate(tg::hessian([](auto v) { return tg::sum(tg::exp(v)); })(b))));
}

TEST_CASE("thrust: expressions of all dtypes", "[thrust]") {
  tg::tensor<double, 3> const x{0.1, 0.2, 0.3};
  CHECK(close(tg::evaluate<device>(tg::exp(x)), tg::evaluate(tg::exp(x))));
  tg::tensor<int, 4> const i{3, -1, 2, 7};
  CHECK(tg::evaluate<device>(tg::sort(i * i))(3) == 49);
  CHECK(tg::evaluate<device>(tg::argmax<0>(i)) == 3);
  auto const truths = tg::evaluate<device>(i > 2);
  CHECK((truths(0) && !truths(1) && !truths(2) && truths(3)));
}

TEST_CASE("thrust: expressions with a dynamic first axis, and loops", "[thrust]") {
  tg::random random{6};
  for (std::int64_t const rows : {1, 5, 70}) {
    tg::tensor<float, tg::dynamic, 3> x(rows);
    for (float& v : x) v = random.normal<float>();
    auto const centred = x - tg::mean<0, tg::keep_dims>(x);
    CHECK(close(tg::evaluate<device>(centred), tg::evaluate(centred)));
  }
  auto const steps = random.normal<float, 9, 4>();
  auto const [last, all] = tg::scan(
      [](auto carry, auto s) {
        auto const next = tg::sin(carry + s);
        return std::tuple{next, 2 * next};
      },
      tg::zeros<float, 4>(), steps);
  auto const [there, there_all] = tg::evaluate<device>(last, all);
  CHECK(close(there, tg::evaluate(last)));
  CHECK(close(there_all, tg::evaluate(all)));
}

TEST_CASE("thrust: expressions into what they are made of", "[thrust]") {
  tg::tensor<float, 1000> x = tg::arange<float, 1000>(), y = tg::zeros<float, 1000>();
  tg::evaluate_into<device>(std::tie(y, x), x + y, tg::sum(x) - x);
  CHECK(y(999) == 999);
  CHECK(x(999) == 499500 - 999);
  CHECK(tg::evaluate<tg::on<tg::cpu>>(x - x)(7) == 0);
  CHECK(close(tg::evaluate<tg::on<tg::thrust, tg::tf32>>(2 * x), tg::evaluate(2 * x)));
}

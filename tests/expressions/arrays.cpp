// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>
#include <typegrad/expressions/xtensor.hpp>
#include <typegrad/xtensor.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <vector>

// Arrays of others in expressions.

namespace tg = typegrad;

TEST_CASE("arrays: a vector is read and written where it lies", "[expressions]") {
  std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  auto const x = tg::as_tensor<tg::dynamic, 2>(numbers);
  CHECK(x.rows() == 3);
  tg::tensor<float, tg::dynamic, 2> const doubled = 2 * x;
  CHECK(doubled(2, 1) == 12);
  numbers[5] = 7;
  CHECK(tg::evaluate(tg::sum(x)) == 22);
  x = x + 1;
  CHECK(numbers == std::vector<float>{2, 3, 4, 5, 6, 8});
  auto const y = tg::as_tensor<3, 2>(numbers);
  y = y - tg::mean<0>(y);
  CHECK(numbers == std::vector<float>{-2, 3.f - 16.f / 3, 0, 5.f - 16.f / 3, 2, 8.f - 16.f / 3});
  x = 5;
  CHECK(numbers[3] == 5);
  CHECK_THROWS_AS((tg::as_tensor<4, 2>(numbers)), std::invalid_argument);
  CHECK_THROWS_AS((tg::as_tensor<tg::dynamic, 4>(numbers)), std::invalid_argument);
  using rows = tg::tensor<float, tg::dynamic, 2>;
  CHECK_THROWS_AS((x = rows(5)), std::invalid_argument);
  auto const kept = tg::as_tensor<3>(std::vector<float>{1, 2, 3}) * 2;
  CHECK(tg::evaluate(tg::sum(kept)) == 12);
  std::vector<float> const constant{1, 2};
  CHECK(tg::evaluate(tg::sum(tg::as_tensor<2>(constant))) == 3);
}

TEST_CASE("arrays: xtensors, by reference where they are dense", "[expressions]") {
  xt::xtensor<float, 2> a = {{1, 2}, {3, 4}};
  auto const x = tg::as_tensor<2, 2>(a);
  tg::tensor<float, 2, 2> const product = tg::matmul(x, x);
  CHECK(product(1, 0) == 15);
  a(0, 0) = 10;
  CHECK(tg::evaluate(tg::sum(x)) == 19);
  x = tg::transpose(x);
  CHECK(a(0, 1) == 3);
  CHECK(tg::evaluate(tg::sum(tg::as_tensor<tg::dynamic, 2>(a + 1.0f))) == 23);
  CHECK(tg::evaluate(tg::sum(tg::as_tensor<2>(xt::view(a, 0, xt::all())))) == 13);
  xt::xarray<double> const b = {1.0, 2.0};
  CHECK(tg::evaluate(tg::sum(tg::as_tensor<tg::dynamic>(b))) == 3);
  CHECK_THROWS_AS((tg::as_tensor<2, 3>(a)), std::invalid_argument);
  CHECK_THROWS_AS((tg::as_tensor<4>(a)), std::invalid_argument);

  tg::tensor<float, 2, 2> t{{1, 2}, {3, 4}};
  xt::xtensor<float, 2> const sums = tg::as_xtensor(t) + a;
  CHECK(sums(1, 1) == 8);
  tg::as_xtensor(t) *= 2.0f;
  CHECK(t(1, 1) == 8);
}

// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <typegrad/data/datasets/synthetic_digits.hpp>
#include <vector>

#include "synthetic.hpp"

namespace tg = typegrad;

TEST_CASE("synthetic digits: grey images of all classes, the same for the same seed") {
  test::check_synthetic(
      [](std::size_t train, std::size_t test, auto seed) {
        return tg::datasets::synthetic_digits(train, test, seed);
      },
      {28, 28});
}

TEST_CASE("synthetic digits: classes can be told apart, but not by their mean images alone") {
  auto const data = tg::datasets::synthetic_digits(3000, 500);
  std::vector<float> means(10 * 784);
  std::array<float, 10> counts{};
  for (std::size_t i = 0; i < data.train.size(); ++i) {
    auto const c = static_cast<std::size_t>(data.train.y(i));
    ++counts[c];
    for (std::size_t p = 0; p < 784; ++p) means[c * 784 + p] += data.train.x.data()[i * 784 + p];
  }
  int right = 0;
  for (std::size_t i = 0; i < data.test.size(); ++i) {
    float nearest = 1e30f;
    std::int32_t guess = -1;
    for (std::size_t c = 0; c < 10; ++c) {
      float distance = 0;
      for (std::size_t p = 0; p < 784; ++p) {
        float const d = data.test.x.data()[i * 784 + p] - means[c * 784 + p] / counts[c];
        distance += d * d;
      }
      if (distance < nearest) {
        nearest = distance;
        guess = static_cast<std::int32_t>(c);
      }
    }
    right += guess == data.test.y(i) ? 1 : 0;
  }
  INFO(right << " of 500 by the nearest mean");
  CHECK(right > 300);
  CHECK(right < 475);
}

// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <typegrad/data/datasets/synthetic_digits.hpp>
#include <vector>

namespace tg = typegrad;

TEST_CASE("synthetic digits: grey images of all classes, the same for the same seed") {
  auto const data = tg::datasets::synthetic_digits(500, 100, 3);
  REQUIRE(data.train.x.shape(0) == 500);
  REQUIRE(data.train.x.shape(1) == 28);
  REQUIRE(data.train.x.shape(2) == 28);
  CHECK(data.test.size() == 100);
  CHECK(std::all_of(data.train.x.begin(), data.train.x.end(),
                    [](float v) { return v >= 0 && v <= 1; }));
  std::array<int, 10> counts{};
  for (auto const label : data.train.y) ++counts.at(static_cast<std::size_t>(label));
  for (int const count : counts) CHECK(count > 25);

  auto const again = tg::datasets::synthetic_digits(200, 100, 3);
  CHECK(again.test.x == data.test.x);
  CHECK(std::equal(again.train.x.begin(), again.train.x.end(), data.train.x.begin()));
  CHECK(tg::datasets::synthetic_digits(500, 100, 4).train.x != data.train.x);
  // The test part is no copy of the training part.
  CHECK(!std::equal(data.test.x.begin(), data.test.x.end(), data.train.x.begin()));
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

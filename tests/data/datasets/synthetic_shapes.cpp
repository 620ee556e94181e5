// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <typegrad/data/datasets/synthetic_shapes.hpp>

namespace tg = typegrad;

TEST_CASE("synthetic shapes: colour images of all classes, the same for the same seed") {
  auto const data = tg::datasets::synthetic_shapes(500, 100, 3);
  REQUIRE(data.train.x.shape(0) == 500);
  REQUIRE(data.train.x.shape(1) == 32);
  REQUIRE(data.train.x.shape(2) == 32);
  REQUIRE(data.train.x.shape(3) == 3);
  CHECK(data.test.size() == 100);
  CHECK(std::all_of(data.train.x.begin(), data.train.x.end(),
                    [](float v) { return v >= 0 && v <= 1; }));
  std::array<int, 10> counts{};
  for (auto const label : data.train.y) ++counts.at(static_cast<std::size_t>(label));
  for (int const count : counts) CHECK(count > 25);

  auto const again = tg::datasets::synthetic_shapes(200, 100, 3);
  CHECK(again.test.x == data.test.x);
  CHECK(std::equal(again.train.x.begin(), again.train.x.end(), data.train.x.begin()));
  CHECK(tg::datasets::synthetic_shapes(500, 100, 4).train.x != data.train.x);
  // The test part is no copy of the training part.
  CHECK(!std::equal(data.test.x.begin(), data.test.x.end(), data.train.x.begin()));
}

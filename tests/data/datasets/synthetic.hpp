// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace test {

/// make(training images, test images, seed): images of all ten classes, with pixels from 0 to 1,
/// the same for the same seed.
template <class Make>
void check_synthetic(Make const& make, std::initializer_list<std::size_t> image) {
  auto const data = make(500, 100, 3U);
  REQUIRE(data.train.x.shape(0) == 500);
  REQUIRE(data.train.x.dimension() == 1 + image.size());
  CHECK(std::equal(image.begin(), image.end(), data.train.x.shape().begin() + 1));
  CHECK(data.test.size() == 100);
  CHECK(std::all_of(data.train.x.begin(), data.train.x.end(),
                    [](float v) { return v >= 0 && v <= 1; }));
  std::array<int, 10> counts{};
  for (auto const label : data.train.y) ++counts.at(static_cast<std::size_t>(label));
  for (int const count : counts) CHECK(count > 25);

  auto const again = make(200, 100, 3U);
  CHECK(again.test.x == data.test.x);
  CHECK(std::equal(again.train.x.begin(), again.train.x.end(), data.train.x.begin()));
  CHECK(make(500, 100, 4U).train.x != data.train.x);
  // The test part is no copy of the training part.
  CHECK(!std::equal(data.test.x.begin(), data.test.x.end(), data.train.x.begin()));
}

}  // namespace test

// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <typegrad/data/augmentation/random_flip.hpp>

#include "transforms.hpp"

namespace tg = typegrad;
using test::transformed;
using values = std::vector<float>;

namespace {

std::map<values, int> seen(tg::random_flip const& flip, tg::extents const& shape, int times) {
  std::map<values, int> counts;
  for (int i = 0; i < times; ++i) ++counts[transformed(flip, shape, static_cast<std::uint64_t>(i))];
  return counts;
}

}  // namespace

TEST_CASE("random_flip: an image or its mirror image, each half of the time") {
  tg::extents const shape{2, 3, 2};
  values const as_is = test::counting(shape);
  values const across{5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8};
  values const down{7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6};
  values const both{11, 12, 9, 10, 7, 8, 5, 6, 3, 4, 1, 2};
  auto const horizontal = seen({tg::flip::horizontal}, shape, 1000);
  REQUIRE(horizontal.size() == 2);
  CHECK(horizontal.at(as_is) > 430);
  CHECK(horizontal.at(across) > 430);
  auto const vertical = seen({.mode = tg::flip::vertical}, shape, 1000);
  REQUIRE(vertical.size() == 2);
  CHECK(vertical.at(as_is) > 430);
  CHECK(vertical.at(down) > 430);
  auto const any = seen({}, shape, 2000);  // Keras's default
  REQUIRE(any.size() == 4);
  for (auto const& image : {as_is, across, down, both}) CHECK(any.at(image) > 400);
}

TEST_CASE("random_flip: images without channels, odd sizes, single rows and pixels") {
  CHECK(seen({tg::flip::horizontal}, {3, 3}, 50).count({3, 2, 1, 6, 5, 4, 9, 8, 7}) == 1);
  CHECK(seen({tg::flip::vertical}, {3, 3}, 50).count({7, 8, 9, 4, 5, 6, 1, 2, 3}) == 1);
  CHECK(seen({tg::flip::vertical}, {1, 4}, 50).size() == 1);
  CHECK(seen({tg::flip::horizontal}, {4, 1, 3}, 50).size() == 1);
}

TEST_CASE("random_flip: what is no image") {
  auto const error = [](tg::extents const& shape) {
    return test::message_of([&] { tg::random_flip{}.check(shape); });
  };
  CHECK(error({28, 28}) == "");
  CHECK(error({32, 32, 3}) == "");
  CHECK(error({8}) ==
        "random_flip: needs images, height x width or height x width x channels; a"
        " sample has extents 8");
  CHECK(error({4, 8, 8, 3}) ==
        "random_flip: needs images, height x width or height x width x"
        " channels; a sample has extents 4x8x8x3");
}

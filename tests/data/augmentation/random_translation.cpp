// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <typegrad/data/augmentation/random_shift.hpp>
#include <typegrad/data/augmentation/random_translation.hpp>

#include "transforms.hpp"

namespace tg = typegrad;
using test::changed;
using values = std::vector<float>;

TEST_CASE("random_translation: by whole pixels it is a shift, in every fill mode") {
  tg::extents const shape{4, 5, 2};
  for (auto const fill : {tg::fill_mode::constant, tg::fill_mode::reflect, tg::fill_mode::wrap,
                          tg::fill_mode::nearest})
    for (int down = -3; down <= 3; ++down)
      for (int right = -4; right <= 4; ++right) {
        tg::random_shift const shift{.pixels = 4, .fill = fill, .fill_value = -7};
        tg::random_translation const translation{
            .height_factor = 1, .width_factor = 1, .fill = fill, .fill_value = -7};
        INFO(static_cast<int>(fill) << ", " << down << ", " << right);
        CHECK(changed(shape, [&](auto const& s) {
                translation.move(s, static_cast<float>(down), static_cast<float>(right));
              }) == changed(shape, [&](auto const& s) { shift.move(s, down, right); }));
      }
}

TEST_CASE("random_translation: between pixels") {
  auto const moved = [](tg::random_translation const& t, float down, float right) {
    return changed({2, 3}, [&](auto const& s) { t.move(s, down, right); });
  };
  tg::random_translation const zeros{
      .height_factor = 1, .width_factor = 1, .fill = tg::fill_mode::constant};
  CHECK(moved(zeros, 0, 0.5f) == values{0.5f, 1.5f, 2.5f, 2, 4.5f, 5.5f});
  CHECK(moved(zeros, 0, -0.25f) == values{1.25f, 2.25f, 2.25f, 4.25f, 5.25f, 4.5f});
  CHECK(moved(zeros, 0.5f, 0) == values{0.5f, 1, 1.5f, 2.5f, 3.5f, 4.5f});
  CHECK(moved(zeros, 0.5f, 0.5f) == values{0.25f, 0.75f, 1.25f, 1.25f, 3, 4});
  tg::random_translation const reflected{.height_factor = 1, .width_factor = 1};
  CHECK(moved(reflected, 0, 0.5f) == values{1, 1.5f, 2.5f, 4, 4.5f, 5.5f});
}

TEST_CASE("random_translation: distances are uniform in the factors") {
  // of a row of numbers 1 to 9 the middle one tells the shift
  tg::random_translation const t{
      .height_factor = 0, .width_factor = 0.25f, .fill = tg::fill_mode::nearest};
  double least = 1e9, most = -1e9, sum = 0, squares = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    double const shift =
        5 - static_cast<double>(test::transformed(t, {1, 9, 1}, i)[4]);  // down the row: right
    least = std::min(least, shift);
    most = std::max(most, shift);
    sum += shift;
    squares += shift * shift;
  }
  CHECK(least >= -2.25);
  CHECK(least < -2.2);
  CHECK(most <= 2.25);
  CHECK(most > 2.2);
  CHECK(std::abs(sum / 4000) < 0.1);
  CHECK(std::abs(squares / 4000 - 4.5 * 4.5 / 12) < 0.1);
}

TEST_CASE("random_translation: options that do not fit") {
  auto const error = [](float height, float width, tg::extents const& shape) {
    return test::message_of([&] {
      tg::random_translation{.height_factor = height, .width_factor = width}.check(shape);
    });
  };
  CHECK(error(0.1f, 0, {8, 8}) == "");
  CHECK(error(0.5f, 1.5f, {8, 8}) ==
        "random_translation: factors are parts of the image's height"
        " and width from 0 to 1, got 0.5 and 1.5");
  CHECK(error(-0.5f, 0, {8, 8}).starts_with("random_translation: factors are parts"));
  CHECK(error(std::nanf(""), 0, {8, 8}).starts_with("random_translation: factors are parts"));
  CHECK(error(0.5f, 0.5f, {8}).starts_with("random_translation: needs images"));
}

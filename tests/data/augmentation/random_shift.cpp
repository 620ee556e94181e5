// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <typegrad/data/augmentation/random_shift.hpp>

#include "transforms.hpp"

namespace tg = typegrad;
using test::changed;
using test::transformed;
using values = std::vector<float>;

namespace {

// A plain formula for all fill modes.
values shifted(tg::extents const& shape, tg::random_shift const& shift, std::int64_t down,
               std::int64_t right) {
  values const image = test::counting(shape);
  std::int64_t const height = shape[0], width = shape[1];
  std::int64_t const channels = shape.rank == 3 ? shape[2] : 1;
  auto const place = [&](std::int64_t i, std::int64_t size) -> std::int64_t {
    switch (shift.fill) {
      case tg::fill_mode::wrap:
        return (i + 100 * size) % size;
      case tg::fill_mode::nearest:
        return i < 0 ? 0 : i >= size ? size - 1 : i;
      case tg::fill_mode::reflect:
        return i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i;
      default:
        return i < 0 || i >= size ? -1 : i;
    }
  };
  values out;
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < channels; ++c) {
        std::int64_t const i = place(y - down, height), j = place(x - right, width);
        out.push_back(i < 0 || j < 0
                          ? shift.fill_value
                          : image[static_cast<std::size_t>((i * width + j) * channels + c)]);
      }
  return out;
}

}  // namespace

TEST_CASE("random_shift: pixels move, zeros come in") {
  tg::random_shift const shift;
  auto const moved = [&](std::int64_t down, std::int64_t right) {
    return changed({3, 3}, [&](auto const& sample) { shift.move(sample, down, right); });
  };
  CHECK(moved(0, 0) == values{1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(moved(1, 0) == values{0, 0, 0, 1, 2, 3, 4, 5, 6});
  CHECK(moved(-2, 0) == values{7, 8, 9, 0, 0, 0, 0, 0, 0});
  CHECK(moved(0, 2) == values{0, 0, 1, 0, 0, 4, 0, 0, 7});
  CHECK(moved(1, -1) == values{0, 0, 0, 2, 3, 0, 5, 6, 0});
  CHECK(moved(0, 3) == values(9, 0));
  CHECK(moved(-5, 4) == values(9, 0));
}

TEST_CASE("random_shift: every fill mode, against a plain formula") {
  for (auto const fill : {tg::fill_mode::constant, tg::fill_mode::reflect, tg::fill_mode::wrap,
                          tg::fill_mode::nearest})
    for (tg::extents const& shape : {tg::extents{4, 5, 3}, tg::extents{5, 4}, tg::extents{1, 1, 2}})
      for (std::int64_t down = 1 - shape[0]; down < shape[0]; ++down)
        for (std::int64_t right = 1 - shape[1]; right < shape[1]; ++right) {
          tg::random_shift const shift{.pixels = 3, .fill = fill, .fill_value = -7};
          INFO(static_cast<int>(fill) << ", " << shape.rank << ", " << down << ", " << right);
          CHECK(changed(shape, [&](auto const& s) { shift.move(s, down, right); }) ==
                shifted(shape, shift, down, right));
        }
}

TEST_CASE("random_shift: all shifts are equally likely") {
  tg::random_shift const shift{.pixels = 2};
  std::map<values, int> counts;
  for (std::uint64_t i = 0; i < 5000; ++i) ++counts[transformed(shift, {5, 5, 1}, i)];
  REQUIRE(counts.size() == 25);
  for (int down = -2; down <= 2; ++down)
    for (int right = -2; right <= 2; ++right)
      CHECK(counts.at(shifted({5, 5, 1}, shift, down, right)) > 140);
  CHECK(transformed(tg::random_shift{.pixels = 0}, {5, 5}, 3) == test::counting({5, 5}));
}

TEST_CASE("random_shift: options that do not fit") {
  auto const error = [](int pixels, tg::extents const& shape) {
    return test::message_of([&] { tg::random_shift{.pixels = pixels}.check(shape); });
  };
  CHECK(error(4, {32, 32, 3}) == "");
  CHECK(error(0, {1, 1}) == "");
  CHECK(error(-1, {32, 32, 3}) == "random_shift: pixels must not be negative, got -1");
  CHECK(error(32, {40, 32, 3}) ==
        "random_shift: pixels must be less than the image's height and"
        " width, got 32 for images of 40x32");
  CHECK(error(1, {8}).starts_with("random_shift: needs images"));
}

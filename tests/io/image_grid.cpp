// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <typegrad/io/image_grid.hpp>
#include <typegrad/io/save_png.hpp>

#include "data/support.hpp"
#include "png_reader.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

TEST_CASE("image grid: images in rows, with gaps between and around them") {
  xt::xtensor<float, 3> images(std::array<std::size_t, 3>{3, 1, 2});
  for (std::size_t i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>(i);
  auto const grid = tg::image_grid(images, {.columns = 2, .gap = 1});
  xt::xtensor<float, 2> const wanted{{1, 1, 1, 1, 1, 1, 1},
                                     {1, 0, 1, 1, 2, 3, 1},
                                     {1, 1, 1, 1, 1, 1, 1},
                                     {1, 4, 5, 1, 1, 1, 1},
                                     {1, 1, 1, 1, 1, 1, 1}};
  REQUIRE(grid.shape() == std::array<std::size_t, 3>{5, 7, 1});
  CHECK(std::equal(grid.begin(), grid.end(), wanted.begin()));

  // Fewer images than columns; colours; no gap.
  xt::xtensor<float, 4> const colours(std::array<std::size_t, 4>{2, 4, 3, 3}, 0.5f);
  auto const row = tg::image_grid(colours, {.columns = 9, .gap = 0});
  CHECK(row.shape() == std::array<std::size_t, 3>{4, 6, 3});
  CHECK(std::count(row.begin(), row.end(), 0.5f) == 4 * 6 * 3);
}

TEST_CASE("image grid: nothing to show is a sentence") {
  xt::xtensor<float, 3> const none(std::array<std::size_t, 3>{0, 28, 28});
  CHECK_THAT(message_of([&] { static_cast<void>(tg::image_grid(none)); }),
             ContainsSubstring("image_grid: needs images and columns, got images of extents "
                               "0x28x28x1 and 8 columns"));
}

TEST_CASE("save_png: an array's values are a file's pixels") {
  test::folder const at;
  auto const path = at / "image.png";
  xt::xtensor<float, 3> const image{{{0}, {0.5f}, {2}}, {{-1}, {1}, {0.2f}}};
  tg::save_png(path, image);
  std::ifstream file(path, std::ios::binary);
  std::string const bytes{std::istreambuf_iterator<char>(file), {}};
  auto const read = test::read_png(bytes);
  CHECK(read.height == 2);
  CHECK(read.width == 3);
  CHECK(read.channels == 1);
  CHECK(read.pixels == std::string("\x00\x80\xff\x00\xff\x33", 6));

  xt::xtensor<float, 1> const vector{0, 1};
  CHECK_THAT(message_of([&] { tg::save_png(path, vector); }),
             ContainsSubstring("needs an array of height x width"));
}

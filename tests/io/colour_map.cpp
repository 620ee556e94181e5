// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <typegrad/io/colour_map.hpp>

namespace plot = typegrad::plot;
using plot::rgb;

namespace {

int difference(rgb a, rgb b) {
  return std::max(
      {std::abs(a.red - b.red), std::abs(a.green - b.green), std::abs(a.blue - b.blue)});
}

double light(rgb c) { return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue; }

}  // namespace

TEST_CASE("colour map: viridis is matplotlib's, and grows lighter") {
  CHECK(plot::hex(plot::viridis(0)) == "#440154");
  CHECK(plot::hex(plot::viridis(1)) == "#fde725");
  CHECK(plot::viridis(-3) == plot::viridis(0));
  CHECK(plot::viridis(7) == plot::viridis(1));
  CHECK(difference(plot::viridis(100 / 255.0), {0x2a, 0x76, 0x8e}) <= 2);  // of its 256 colours
  CHECK(difference(plot::viridis(195 / 255.0), {0x65, 0xcb, 0x5e}) <= 2);
  for (int i = 0; i < 255; ++i) {
    CHECK(light(plot::viridis((i + 1) / 255.0)) >= light(plot::viridis(i / 255.0)) - 0.5);
  }
}

TEST_CASE("colour map: the diverging one is lightest in its middle, and no end is the other") {
  CHECK(plot::hex(plot::diverging(0.5)) == "#f7f7f7");
  for (int i = 0; i < 100; ++i) {
    CHECK(light(plot::diverging(0.5 + (i + 1) / 200.0)) <= light(plot::diverging(0.5 + i / 200.0)));
    CHECK(light(plot::diverging(0.5 - (i + 1) / 200.0)) <= light(plot::diverging(0.5 - i / 200.0)));
  }
  CHECK(plot::diverging(0.2).blue > plot::diverging(0.2).red);
  CHECK(plot::diverging(0.8).red > plot::diverging(0.8).blue);
}

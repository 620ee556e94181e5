// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <typegrad/io/plot_images.hpp>
#include <vector>

#include "../data/support.hpp"
#include "png_reader.hpp"
#include "svg_text.hpp"

namespace plot = typegrad::plot;
using Catch::Matchers::ContainsSubstring;
using test::count;
using test::message_of;
using test::picture_in;
using test::well_formed;

namespace {

double const nan_value = std::numeric_limits<double>::quiet_NaN();

// An array that knows its shape, as xtensor's do.
struct array {
  std::vector<std::size_t> extents;
  std::vector<float> values;
  std::vector<std::size_t> const& shape() const { return extents; }
  auto begin() const { return values.begin(); }
  auto end() const { return values.end(); }
};

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int const v : values) out += static_cast<char>(v);
  return out;
}

}  // namespace

TEST_CASE("plot images: grey, in colours, and from bytes") {
  plot::figure fig{.title = "pictures"};
  fig.images("all")
      .image(std::vector<float>{0, 0.5f, 1, 2, -1, 0.25f}, {2, 3}, "grey & <white>")
      .image(std::array<std::uint8_t, 3>{1, 2, 255}, {1, 1, 3}, "one pixel")
      .row("second")
      .image(array{{2, 1}, {0, 1}}, "of a shape")
      .image(array{{1, 1, 3}, {1, 0, 1}});
  auto const text = fig.svg();
  CHECK(well_formed(text));
  CHECK(count(text, "<image") == 4);
  CHECK(count(text, "image-rendering:pixelated") == 4);
  CHECK_THAT(text, ContainsSubstring(">grey &amp; &lt;white&gt;</text>"));
  CHECK_THAT(text, ContainsSubstring(">second</text>"));
  auto const grey = picture_in(text, 0);
  CHECK(grey.height == 2);
  CHECK(grey.width == 3);
  CHECK(grey.channels == 1);
  CHECK(grey.pixels == bytes({0, 128, 255, 255, 0, 64}));
  CHECK(picture_in(text, 1).pixels == bytes({1, 2, 255}));
  CHECK(picture_in(text, 2).pixels == bytes({0, 255}));
  CHECK(picture_in(text, 3).pixels == bytes({255, 0, 255}));
  CHECK(text == fig.svg());
}

TEST_CASE("plot images: pixels are squares of whole pixels") {
  std::vector<float> const digit(28 * 28, 0.5f);
  plot::figure fig;
  fig.images("").image(digit, {28, 28}).image(digit, {14, 56});
  auto const text = fig.svg();
  CHECK_THAT(text, ContainsSubstring("width=\"84\" height=\"84\" preserve"));
  CHECK_THAT(text, ContainsSubstring("width=\"56\" height=\"14\" preserve"));

  // With less room they are smaller, and larger ones than there is room for are shrunk.
  fig.width = 180;
  CHECK_THAT(fig.svg(), ContainsSubstring("width=\"56\" height=\"56\" preserve"));
  fig.panels.clear();
  fig.images("").tile(50).image(std::vector<float>(100 * 200), {100, 200});
  CHECK_THAT(fig.svg(), ContainsSubstring("width=\"50\" height=\"25\" preserve"));
}

TEST_CASE("plot images: signed values are symmetrical about zero") {
  plot::figure fig;
  auto& panel = fig.images("");
  panel.row("first").signed_image(std::vector<double>{-2, 0, 2, 1}, {1, 4}, "a");
  panel.signed_image(std::vector<double>{4, 0, -4, nan_value}, {1, 4}, "b");
  panel.row("second").signed_image(std::vector<float>(4, 0.0f), {2, 2});
  auto const colours = [](std::initializer_list<double> parts) {
    std::string out;
    for (double const part : parts) {
      auto const c = plot::diverging(0.5 + 0.5 * part);
      out += bytes({c.red, c.green, c.blue});
    }
    return out;
  };
  auto text = fig.svg();
  CHECK(well_formed(text));
  CHECK(picture_in(text, 0).pixels == colours({-0.5, 0, 0.5, 0.25}));  // the row's limit is 4
  auto const hole = plot::picture::hole;
  CHECK(picture_in(text, 1).pixels ==
        colours({1, 0, -1}) + bytes({hole.red, hole.green, hole.blue}));
  CHECK(picture_in(text, 2).pixels == colours({0, 0, 0, 0}));
  CHECK_THAT(text, ContainsSubstring(">+4.0</text>") || ContainsSubstring(">+4</text>"));
  CHECK(count(text, "<linearGradient") == 2);

  panel.limit(8);
  text = fig.svg();
  CHECK(picture_in(text, 0).pixels == colours({-0.25, 0, 0.25, 0.125}));
}

TEST_CASE("plot images: NaN is seen") {
  plot::figure fig;
  fig.images("").image(std::vector<double>{0, nan_value}, {1, 2});
  fig.images("").image(std::vector<double>{0, 1, 1, 1, nan_value, 0}, {1, 2, 3});
  auto const hole = plot::picture::hole;
  std::string const pink = bytes({hole.red, hole.green, hole.blue});
  CHECK(picture_in(fig.svg(), 0).pixels == bytes({0, 0, 0}) + pink);
  CHECK(picture_in(fig.svg(), 1).pixels == bytes({0, 255, 255}) + pink);
}

TEST_CASE("plot images: sixty digits are a small file") {
  plot::figure fig;
  auto& panel = fig.images("");
  for (int row = 0; row < 6; ++row) {
    panel.row("row");
    for (int column = 0; column < 10; ++column) {
      std::vector<float> digit(28 * 28);
      for (std::size_t i = 0; i < digit.size(); ++i) {  // a ring, as a zero
        double const y = static_cast<double>(i / 28) - 14, x = static_cast<double>(i % 28) - 14;
        double const off = x * x + y * y - 60 - row * 4 - column;
        digit[i] = static_cast<float>(off * off < 900 ? 1 - off * off / 900 : 0);
      }
      panel.image(digit, {28, 28}, "0 (99 %)");
    }
  }
  CHECK(count(fig.svg(), "<image") == 60);
  CHECK(fig.svg().size() < (TYPEGRAD_HAS_ZLIB ? 70'000U : 110'000U));
}

TEST_CASE("plot images: errors, and nothing at all") {
  plot::figure fig;
  auto& panel = fig.images("none");
  CHECK_THAT(fig.svg(), ContainsSubstring("no images"));
  CHECK(well_formed(fig.svg()));
  std::vector<float> const four(4);
  CHECK_THAT(message_of([&] { panel.image(four, {2, 3}, "cat"); }),
             ContainsSubstring("image \"cat\" of 2x3x1 needs 6 values, got 4"));
  CHECK_THAT(message_of([&] { panel.image(four, {2, 1, 2}, "cat"); }),
             ContainsSubstring("1 (grey) or 3 (RGB) channels, got 2"));
  CHECK_THAT(message_of([&] { panel.image(four, {0, 0}); }), ContainsSubstring("0x0x1"));
  CHECK_THAT(message_of([&] { panel.image(array{{4}, {0, 0, 0, 0}}, "flat"); }),
             ContainsSubstring("height x width x channels, got extents 4"));
  CHECK_THAT(message_of([&] { panel.signed_image(std::vector<float>(3), {1, 1, 3}, "rgb"); }),
             ContainsSubstring("signed values need 1 channel, got 3"));
  CHECK_THAT(message_of([&] { panel.limit(0); }), ContainsSubstring("above 0, got 0"));
  CHECK_THAT(message_of([&] { panel.tile(nan_value); }), ContainsSubstring("1 pixel or more"));
}

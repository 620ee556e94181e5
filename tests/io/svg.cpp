// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <limits>
#include <string>
#include <typegrad/io/svg.hpp>

namespace svg = typegrad::svg;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("svg: text is escaped for XML") {
  CHECK(svg::escape("a<b>&\"c\"") == "a&lt;b&gt;&amp;&quot;c&quot;");
  CHECK(svg::escape("\xc3\xa4\xe2\x82\xac") == "\xc3\xa4\xe2\x82\xac");
  CHECK(svg::escape("]]>") == "]]&gt;");
  std::string const replacement = "\xef\xbf\xbd";
  CHECK(svg::escape(std::string("a\0b\x1b", 4)) == "a" + replacement + "b" + replacement);
  CHECK(svg::escape("\xff\xc3") == replacement + replacement);
  CHECK(svg::escape("\xef\xbf\xbf") == replacement);
}

TEST_CASE("svg: coordinates are short") {
  CHECK(svg::number(1) == "1");
  CHECK(svg::number(-0.001) == "0");
  CHECK(svg::number(12.345) == "12.35");
  CHECK(svg::number(100) == "100");
  CHECK(svg::number(-2.5) == "-2.5");
  CHECK(svg::number(std::numeric_limits<double>::quiet_NaN()) == "0");
  CHECK(svg::number(1e300).size() > 300);
}

TEST_CASE("svg: a canvas becomes a standalone file") {
  svg::canvas on(200, 100, "a & b");
  on.rectangle({0, 0}, 200, 100, "#ffffff");
  std::array<svg::point, 2> const line{{{1, 2}, {3, 4.5}}};
  on.begin_clip({0, 0}, 10, 10);
  on.polyline(line, {.colour = "#123456", .width = 2, .dash = "6 4"});
  on.end_clip();
  on.circle({5, 5}, 3, "red", {});
  on.text({10, 20}, "<hi>", {.size = 14, .at = svg::anchor::middle, .bold = true, .turn = -90});
  auto const text = on.finish();
  CHECK_THAT(text, ContainsSubstring("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\""));
  CHECK_THAT(text, ContainsSubstring("<title>a &amp; b</title>"));
  CHECK_THAT(text, ContainsSubstring("points=\"1,2 3,4.5\""));
  CHECK_THAT(text, ContainsSubstring("stroke-dasharray=\"6 4\""));
  CHECK_THAT(text, ContainsSubstring("rotate(-90 10 20)\">&lt;hi&gt;</text>"));
  CHECK_THAT(text, ContainsSubstring("clip-path=\"url(#clip1)\""));
  CHECK(text.substr(text.size() - 7) == "</svg>\n");
}

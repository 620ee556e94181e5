// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <limits>
#include <string>
#include <typegrad/io/plot.hpp>
#include <vector>

#include "../data/support.hpp"
#include "svg_text.hpp"

namespace tg = typegrad;
namespace plot = typegrad::plot;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using test::count;
using test::message_of;
using test::well_formed;

namespace {

std::vector<std::string> labels(plot::axis const& one) {
  std::vector<std::string> out;
  for (auto const& t : one.ticks()) out.push_back(t.label);
  return out;
}

double const nan_value = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("plot: ticks are round and few") {
  using strings = std::vector<std::string>;
  auto const linear = [](double low, double high, bool whole = false) {
    return labels(plot::axis({low, high}, plot::scale::linear, whole, 0, 100, 5));
  };
  CHECK(linear(0, 1) == strings{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(linear(0.91, 0.99) == strings{"0.92", "0.94", "0.96", "0.98"});
  CHECK(linear(-1000, 1000) == strings{"\xe2\x88\x92"
                                       "1000",
                                       "\xe2\x88\x92"
                                       "500",
                                       "0", "500", "1000"});
  CHECK(linear(1, 3, true) == strings{"1", "2", "3"});
  CHECK(linear(0.5, 12.5, true) == strings{"5", "10"});
  CHECK(linear(0, 5e6) == strings{"0", "1e6", "2e6", "3e6", "4e6", "5e6"});
  CHECK(linear(0, 1e-5).at(1) ==
        "2e\xe2\x88\x92"
        "6");
  auto const log = plot::axis({1e-4, 10}, plot::scale::logarithmic, false, 0, 100, 5);
  CHECK(labels(log) == strings{"0.0001", "0.001", "0.01", "0.1", "1", "10"});
  CHECK(log.pixel(1e-4) == Approx(0).margin(1e-9));
  CHECK(log.pixel(10) == Approx(100));
  CHECK(!log.shows(0));
  CHECK(!log.shows(-1));
  // Ticks stay countable over every span that doubles can have.
  for (double const span : {1e-300, 1e-12, 1e-3, 1.0, 7e5, 1e300}) {
    auto const n = linear(0, span).size();
    CHECK(n >= 2);
    CHECK(n <= 8);
  }
}

TEST_CASE("plot: ranges never are empty") {
  CHECK(plot::padded({}, plot::scale::linear, 0.1, true).high == 1);
  auto const one = plot::padded({5, 5}, plot::scale::linear, 0.1, true);
  CHECK(one.low < 5);
  CHECK(one.high > 5);
  CHECK(plot::padded({0, 0}, plot::scale::linear, 0.1, true).low < 0);
  CHECK(plot::padded({0.1, 2}, plot::scale::linear, 0.1, true).low == 0);
  CHECK(plot::padded({0.1, 2}, plot::scale::linear, 0.1, false).low < 0);
  CHECK(plot::padded({1, 2}, plot::scale::linear, 0.1, true).low == Approx(0.9));
  CHECK(plot::padded({10, 10}, plot::scale::logarithmic, 0.1, true).low > 1);
}

TEST_CASE("plot: a figure of two panels") {
  std::vector<int> const epochs{1, 2, 3};
  std::vector<float> const loss{0.9f, 0.5f, 0.4f};
  plot::figure fig{.title = "Training <history>"};
  fig.panel("loss").x_label("epoch").line("training", epochs, loss).line("R&D", epochs, loss);
  fig.panel("accuracy").points("dots", epochs, loss);
  auto const text = fig.svg();
  CHECK(well_formed(text));
  CHECK(count(text, "<polyline") == 2);
  CHECK(count(text, "<circle") == 3 * 3 + 3);  // points, and the legend's
  CHECK_THAT(text, ContainsSubstring("Training &lt;history&gt;</text>"));
  CHECK_THAT(text, ContainsSubstring(">R&amp;D</text>"));
  CHECK_THAT(text, ContainsSubstring(">epoch</text>"));
  CHECK_THAT(text, ContainsSubstring("width=\"960\""));
  CHECK(text == fig.svg());

  fig.columns = 1;
  CHECK_THAT(fig.svg(), ContainsSubstring("width=\"480\""));
}

TEST_CASE("plot: a line fitted to points lies over them, solid and without dots") {
  std::vector<double> const x{0, 1, 2}, y{1, 2, 2.5};
  plot::figure fig;
  fig.panel("").points("samples", x, y).curve("fit", x, [](double v) { return 1 + 0.8 * v; });
  auto const text = fig.svg();
  CHECK(well_formed(text));
  CHECK(count(text, "<circle") == 3 + 1);  // none on the line, in the legend neither
  CHECK(text.rfind("<circle") < text.find("<polyline"));
  CHECK(count(text, "stroke-dasharray") == 0);
  CHECK(count(text, "fill-opacity") == 0);

  // The second line has dashes, also if it comes third.
  fig.panels.clear();
  fig.panel("").line("a", x, y).points("b", x, y).curve("c", x, y);
  CHECK(count(fig.svg(), "stroke-dasharray=\"7 4\"") == 2);

  auto const wide = plot::linspace(-1, 1, 2000);
  CHECK(wide.front() == -1);
  CHECK(wide.back() == 1);
  CHECK(wide.at(1) == Approx(-1 + 2.0 / 1999));
  fig.panels.clear();
  fig.panel("").points("many", wide, wide);
  CHECK_THAT(fig.svg(), ContainsSubstring("fill-opacity=\"0.3"));
  CHECK(well_formed(fig.svg()));
}

TEST_CASE("plot: gaps, lonely points and nothing at all") {
  std::vector<double> const x{1, 2, 3, 4, 5, 6};
  std::vector<double> const y{1, 2, nan_value, 4, std::numeric_limits<double>::infinity(), 6};
  plot::figure fig;
  fig.panel("gaps").line("", x, y);
  auto const text = fig.svg();
  CHECK(well_formed(text));
  CHECK(count(text, "<polyline") == 1);  // 1-2; 4 and 6 stand alone
  CHECK(count(text, "<circle") == 4);
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("inf") == std::string::npos);

  plot::figure empty;
  empty.panel("none").line("a", std::vector<double>{}, std::vector<double>{});
  empty.panel("log").y_scale(plot::scale::logarithmic).line("a", x, std::vector<double>(6, -1.0));
  CHECK(count(empty.svg(), "no data") == 2);
  CHECK(well_formed(plot::figure{}.svg()));
}

TEST_CASE("plot: errors, and saving") {
  plot::figure fig;
  std::vector<double> const two{1, 2}, three{1, 2, 3};
  CHECK_THAT(message_of([&] { fig.panel("p").line("loss", two, three); }),
             ContainsSubstring("series \"loss\" has 2 x and 3 y values"));
  CHECK_THAT(message_of([&] { fig.panel("p").y_range(1, 1); }), ContainsSubstring("low < high"));
  test::folder const at;
  fig.panel("q").y_range(0, 1).line("l", two, two);
  fig.save(at / "p.svg");
  CHECK(test::read_file(at / "p.svg") == fig.svg());
  CHECK_THAT(message_of([&] { fig.save(at / "none/p.svg"); }), ContainsSubstring("none/p.svg"));
}

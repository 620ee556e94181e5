// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <typegrad/io/plot_surface.hpp>
#include <vector>

#include "../data/support.hpp"
#include "svg_text.hpp"

namespace plot = typegrad::plot;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using plot::point3;
using test::count;
using test::message_of;
using test::well_formed;

namespace {

double const nan_value = std::numeric_limits<double>::quiet_NaN();

double bowl(double x, double y) { return x * x + y * y; }

plot::axis const unit({-1, 1}, plot::scale::linear, false, -1, 1, 5);

plot::mesh mesh_of(double (*z)(double, double), std::size_t places = 21) {
  plot::height_grid grid{plot::linspace(-1, 1, places), plot::linspace(-1, 1, places), {}};
  for (double const y : grid.ys) {
    for (double const x : grid.xs) grid.z.push_back(z(x, y));
  }
  return plot::mesh(grid, unit, unit, unit);
}

struct table {
  std::vector<std::size_t> extents;
  std::vector<double> values;
  std::vector<std::size_t> const& shape() const { return extents; }
  auto begin() const { return values.begin(); }
  auto end() const { return values.end(); }
};

}  // namespace

TEST_CASE("plot surface: a view keeps right right and up up, and fits") {
  for (double const azimuth : {-60.0, 0.0, 45.0, 200.0}) {
    for (double const elevation : {0.0, 30.0, 80.0, 90.0}) {
      plot::view look(azimuth, elevation);
      look.fit({100, 50}, 300, 200);
      double const h = plot::box::height;
      for (double const x : {-1.0, 1.0}) {
        for (double const y : {-1.0, 1.0}) {
          auto const low = look({x, y, -h}), high = look({x, y, h});
          if (elevation == 0) CHECK(high.y < low.y);
          for (auto const p : {low, high}) {
            CHECK(p.x >= 100 - 1e-6);
            CHECK(p.x <= 400 + 1e-6);
            CHECK(p.y >= 50 - 1e-6);
            CHECK(p.y <= 250 + 1e-6);
          }
        }
      }
    }
  }
  // From -90 degrees x goes to the right, and y away.
  plot::view front(-90, 30);
  front.fit({0, 0}, 100, 100);
  CHECK(front({1, 0, 0}).x > front({-1, 0, 0}).x);
  CHECK(front({0, 1, -0.7}).y < front({0, -1, -0.7}).y);
}

TEST_CASE("plot surface: the mesh is the surface") {
  auto const plane = mesh_of([](double x, double y) { return 0.5 * x - 0.25 * y; });
  for (double const x : {-1.0, -0.33, 0.0, 0.7, 1.0}) {
    for (double const y : {-1.0, 0.01, 1.0}) CHECK(plane(x, y) == Approx(0.5 * x - 0.25 * y));
  }
  CHECK(std::isnan(plane(1.1, 0)));
  CHECK(std::isnan(plane(0, nan_value)));

  // Of more places than a picture shows, the first and the last among them.
  auto const fine = mesh_of([](double x, double) { return 0.5 * x; }, 501);
  int cells = 0;
  fine.from_behind({5, -5, 5}, [&](auto const&) { ++cells; });
  CHECK(cells == 50 * 50);
  CHECK(fine(1, 1) == Approx(0.5));
  CHECK(fine(-1, 0.123) == Approx(-0.5));
}

TEST_CASE("plot surface: what is behind is drawn first") {
  auto const flat = mesh_of([](double, double) { return 0.0; });
  for (point3 const eye : {point3{4, -7, 4}, point3{0.1, 6, 3}, point3{-5, -0.3, 1}}) {
    std::vector<point3> middles;
    flat.from_behind(eye, [&](std::array<point3, 4> const& corners) {
      middles.push_back(0.25 * (corners[0] + corners[1] + corners[2] + corners[3]));
    });
    REQUIRE(middles.size() == 400);
    // None that comes later is farther along both axes.
    bool in_order = true;
    for (std::size_t i = 0; i < middles.size(); ++i) {
      for (std::size_t k = i + 1; k < middles.size(); ++k) {
        in_order =
            in_order && !(std::abs(middles[k].x - eye.x) > std::abs(middles[i].x - eye.x) + 1e-9 &&
                          std::abs(middles[k].y - eye.y) > std::abs(middles[i].y - eye.y) + 1e-9);
      }
    }
    CHECK(in_order);
  }
}

TEST_CASE("plot surface: a ridge hides what is behind it, and not what lies on it") {
  auto const ridge = mesh_of([](double x, double) { return 0.6 - 1.2 * std::abs(x); });
  point3 const eye{7, 0, 2};
  auto const hides = [&](point3 p) { return ridge.hides(p, eye, 0.02); };
  CHECK(hides({-0.5, 0, 0}));
  CHECK(hides({-0.9, 0.5, ridge(-0.9, 0.5)}));
  CHECK_FALSE(hides({0.5, 0, ridge(0.5, 0)}));
  CHECK_FALSE(hides({0, 0, 0.6}));
  CHECK_FALSE(hides({-0.5, 0, 0.7}));
  CHECK(hides({0.3, 0, -0.5}));  // beneath
}

TEST_CASE("plot surface: level lines lie on their level, and close") {
  auto const bowls = mesh_of([](double x, double y) { return x * x + y * y - 0.7; }, 41);
  auto const ends = bowls.contour(0.2601 - 0.7, -0.75);
  REQUIRE(!ends.empty());
  CHECK(ends.size() % 2 == 0);
  for (auto const& p : ends) {
    CHECK(std::hypot(p.x, p.y) == Approx(0.51).margin(0.005));
    CHECK(p.z == -0.75);
  }
  // Each end is an end of two pieces.
  for (auto const& p : ends) {
    std::size_t same = 0;
    for (auto const& q : ends) same += std::hypot(p.x - q.x, p.y - q.y) < 1e-9;
    CHECK(same == 2);
  }
  CHECK(bowls.contour(3, -0.75).empty());
}

TEST_CASE("plot surface: a polygon is cut between two heights") {
  std::vector<point3> const slope{{0, 0, 0}, {1, 0, 1}, {1, 1, 1}, {0, 1, 0}};
  auto const area = [](std::vector<point3> const& p) {
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      auto const &a = p[i], &b = p[(i + 1) % p.size()];
      sum += (a.x * b.y - b.x * a.y) / 2;
    }
    return sum;
  };
  CHECK(area(plot::mesh::between(slope, -1, 2)) == Approx(1));
  CHECK(area(plot::mesh::between(slope, 0.25, 0.75)) == Approx(0.5));
  CHECK(area(plot::mesh::between(slope, 0.9, 5)) == Approx(0.1));
  CHECK(plot::mesh::between(slope, 2, 3).empty());
}

TEST_CASE("plot surface: a figure") {
  auto const places = plot::linspace(-1, 1, 11);
  std::vector<double> ms{-0.5, -0.2, 0, 0.1}, bs{-0.75, -0.3, -0.1, 0};
  plot::figure fig{.title = "a & b"};
  fig.surface("error <bowl>", places, places, bowl)
      .x_label("slope")
      .y_label("offset")
      .z_label("error")
      .path("descent", ms, bs)
      .points("R&D", std::vector<int>{1}, std::vector<int>{0}, std::vector<int>{1});
  auto const text = fig.svg();
  CHECK(well_formed(text));
  CHECK(count(text, "<polygon") == 100 + 3);       // cells and panes
  CHECK(count(text, "<linearGradient") == 1);      // the colour bar
  CHECK(count(text, "<circle") == 1 + 2 + 2 + 1);  // point, ends, and the legend's
  CHECK(count(text, "<path") >= 5);                // level lines
  CHECK_THAT(text, ContainsSubstring(">error &lt;bowl&gt;</text>"));
  for (auto const* const label :
       {"slope", "offset", "error", "descent", "R&amp;D", "start", "end"}) {
    CHECK_THAT(text, ContainsSubstring(">" + std::string(label) + "</text>"));
  }
  CHECK_THAT(text, ContainsSubstring("<polygon fill=\"#46"));  // nearly the lowest
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text == fig.svg());

  // The values themselves, rows for y: the same picture.
  std::vector<float> values;
  for (double const y : places) {
    for (double const x : places) values.push_back(static_cast<float>(bowl(x, y)));
  }
  plot::figure of_function, of_values;
  of_function.surface("", places, places,
                      [](double x, double y) { return static_cast<float>(bowl(x, y)); });
  of_values.surface("", places, places, values);
  CHECK(of_function.svg() == of_values.svg());

  // Beside a chart.
  fig.panel("chart").line("l", ms, bs);
  CHECK(well_formed(fig.svg()));
}

TEST_CASE("plot surface: rows are y") {
  plot::figure fig;  // grows with x alone: seen from the front, the right is yellow
  fig.surface("", std::vector{0, 1}, std::vector{0, 1, 2}, std::vector{0, 9, 0, 9, 0, 9});
  auto const wrong = message_of([&] {
    fig.surface("s", std::vector{0, 1}, std::vector{0, 1, 2}, table{{2, 3}, {0, 1, 2, 3, 4, 5}});
  });
  CHECK_THAT(wrong, ContainsSubstring("needs an array of 3x2 (ys x xs), got 2x3"));
  fig.surface("s", std::vector{0, 1}, std::vector{0, 1, 2}, table{{3, 2}, {0, 1, 2, 3, 4, 5}});
  CHECK(well_formed(fig.svg()));
}

TEST_CASE("plot surface: holes, cuts, logarithms and views") {
  auto const places = plot::linspace(-1, 1, 21);
  auto const cells = [&](auto const& z, auto change) {
    plot::figure fig;
    change(fig.surface("s", places, places, z));
    auto const text = fig.svg();
    CHECK(well_formed(text));
    CHECK(text.find("nan") == std::string::npos);
    CHECK(text.find("inf") == std::string::npos);
    return count(text, "<polygon") - 3;
  };
  auto const holed = [](double x, double y) {
    return std::hypot(x, y) < 0.01 ? nan_value : bowl(x, y);
  };
  auto const pole = [](double x, double y) { return 1 / bowl(x, y); };
  auto const same = [](plot::surface_panel&) {};
  CHECK(cells(holed, same) == 396);
  CHECK(cells(pole, same) == 396);  // infinite in the middle
  CHECK(cells(bowl, [](auto& s) { s.z_range(0, 0.5); }) < 300);
  CHECK(cells(bowl, [](auto& s) { s.z_scale(plot::scale::logarithmic); }) ==
        396);  // 0 in the middle
  CHECK(cells([](double, double) { return 3.0; }, same) == 400);
  for (double const azimuth : {-180.0, -90.0, 0.0, 90.0, 123.0, 1000.0}) {
    for (double const elevation : {0.0, 45.0, 90.0}) {
      CHECK(cells(bowl, [&](auto& s) { s.view_from(azimuth, elevation).contours(0); }) == 400);
    }
  }
  plot::figure none;
  none.surface("none", places, places, [](double, double) { return nan_value; });
  CHECK_THAT(none.svg(), ContainsSubstring("no data"));
}

TEST_CASE("plot surface: paths are cut at the axes, have gaps, and are faint where hidden") {
  auto const places = plot::linspace(-1, 1, 21);
  auto const lines = [&](std::vector<double> const& x, std::vector<double> const& y,
                         std::vector<double> const& z, auto const& surface) {
    plot::figure fig;
    fig.surface("", places, places, surface).contours(0).view_from(0, 15).path("", x, y, z);
    auto const text = fig.svg();
    CHECK(well_formed(text));
    CHECK(text.find("nan") == std::string::npos);
    return std::pair{count(text, "stroke-width=\"4.5\""), count(text, "stroke-opacity=\"0.6\"")};
  };
  auto const ridge = [](double x, double) { return -std::abs(x); };
  using pair = std::pair<std::size_t, std::size_t>;
  CHECK(lines({0.5, 0.5}, {-0.5, 0.5}, {-0.2, -0.2}, ridge) == pair{1, 0});    // before it
  CHECK(lines({-0.5, -0.5}, {-0.5, 0.5}, {-0.5, -0.5}, ridge) == pair{0, 1});  // behind it
  CHECK(lines({-0.9, 0.9}, {0, 0}, {-0.6, -0.6}, ridge).second >= 1);          // through it
  CHECK(lines({0.5, 0.5, nan_value, 0.5, 0.5}, {-0.5, -0.2, 0, 0.2, 0.5},
              {-0.2, -0.2, -0.2, -0.2, -0.2}, ridge) == pair{2, 0});
  CHECK(lines({0.5, 0.5}, {-7, 7}, {-0.2, -0.2}, ridge) == pair{1, 0});  // cut at both ends
  CHECK(lines({5, 5}, {-0.5, 0.5}, {-0.2, -0.2}, ridge) == pair{0, 0});  // outside
  CHECK(lines({}, {}, {}, ridge) == pair{0, 0});

  // A path on the surface follows it between its places.
  plot::figure fig;
  fig.surface("", places, places, bowl).contours(0).path("", std::vector{-1, 1}, std::vector{0, 0});
  auto const text = fig.svg();
  auto const at = text.find("points=", text.find("stroke-width=\"4.5\""));
  CHECK(count(text.substr(at, text.find('/', at) - at), ",") > 20);

  // A place alone is a dot.
  plot::figure one;
  one.surface("", places, places, bowl).path("", std::vector{0}, std::vector{0});
  CHECK(count(one.svg(), "<circle") == 2 + 2);
}

TEST_CASE("plot surface: errors") {
  plot::figure fig;
  std::vector<double> const two{0, 1}, three{0, 1, 2}, back{0, 2, 1}, gap{0, nan_value}, one{0};
  CHECK_THAT(
      message_of([&] { fig.surface("s", two, three, std::vector<double>(5)); }),
      ContainsSubstring("surface \"s\" over 2 xs and 3 ys needs 6 values, a row of 2 for each "
                        "y; got 5"));
  CHECK_THAT(message_of([&] { fig.surface("s", back, two, bowl); }),
             ContainsSubstring("needs xs that grow; xs[2] is 1 after 2"));
  CHECK_THAT(message_of([&] { fig.surface("s", two, gap, bowl); }),
             ContainsSubstring("needs finite ys; ys[1] is not"));
  CHECK_THAT(message_of([&] { fig.surface("s", one, two, bowl); }),
             ContainsSubstring("needs 2 xs or more, got 1"));
  CHECK(fig.panels.empty());
  auto& s = fig.surface("s", two, two, bowl);
  CHECK_THAT(message_of([&] { s.path("p", two, three); }),
             ContainsSubstring("series \"p\" has 2 x and 3 y values"));
  CHECK_THAT(message_of([&] { s.points("p", two, two, three); }),
             ContainsSubstring("series \"p\" has 2 x, 2 y and 3 z values"));
  CHECK_THAT(message_of([&] { s.z_range(2, 1); }), ContainsSubstring("low < high, got 2 and 1"));
  CHECK_THAT(message_of([&] { s.view_from(0, -1); }), ContainsSubstring("0 to 90 degrees"));
}

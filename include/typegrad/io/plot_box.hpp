// SPDX-License-Identifier: BSL-1.0
// The three axes around a surface: floor, two back walls, ticks and labels.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <string_view>
#include <typegrad/io/plot_axis.hpp>
#include <typegrad/io/plot_cell.hpp>
#include <typegrad/io/plot_view.hpp>
#include <typegrad/io/svg.hpp>

namespace typegrad::plot {

/// An axis along an edge of the box, whose `pixel`s are the box's coordinates.
struct box_axis {
  axis scale;
  std::string_view label;
  double from, to;  ///< ticks are shown between these of the box's coordinates
};

/// Draws what is behind the data, and the axes, which nothing hides.
inline void draw_box(svg::canvas& on, view const& look, box_axis const& x, box_axis const& y,
                     box_axis const& z) {
  constexpr double h = box::height;
  double const near_x = look.side_x(), near_y = look.side_y();  // the near corner
  auto const pane = [&](std::array<point3, 4> const& corners, std::string_view fill) {
    std::array<svg::point, 4> places;
    std::transform(corners.begin(), corners.end(), places.begin(), look);
    on.polygon(places, fill);
  };
  auto const line = [&](point3 from, point3 to, svg::pen const& with) {
    on.line(look(from), look(to), with);
  };
  pane({{{-1, -1, -h}, {1, -1, -h}, {1, 1, -h}, {-1, 1, -h}}}, "#f3f4f6");
  pane({{{-near_x, -1, -h}, {-near_x, 1, -h}, {-near_x, 1, h}, {-near_x, -1, h}}}, "#f9fafb");
  pane({{{-1, -near_y, -h}, {1, -near_y, -h}, {1, -near_y, h}, {-1, -near_y, h}}}, "#f9fafb");

  svg::pen const grid{.colour = "#dfe2e7"}, edge{.colour = theme::line};
  auto const each = [](box_axis const& of, auto draw) {
    for (auto const& one : of.scale.ticks()) {
      double const at = of.scale.pixel(one.value);
      if (at > of.from - 1e-6 && at < of.to + 1e-6) draw(at, one.label);
    }
  };
  each(x, [&](double at, auto&) {
    line({at, -near_y, h}, {at, -near_y, -h}, grid);
    line({at, -near_y, -h}, {at, near_y, -h}, grid);
  });
  each(y, [&](double at, auto&) {
    line({-near_x, at, h}, {-near_x, at, -h}, grid);
    line({-near_x, at, -h}, {near_x, at, -h}, grid);
  });
  each(z, [&](double at, auto&) {
    line({-near_x, -near_y, at}, {near_x, -near_y, at}, grid);
    line({-near_x, -near_y, at}, {-near_x, near_y, at}, grid);
  });

  // One axis: along an edge, its labels away from the box.
  auto const along = [&](box_axis const& of, point3 from, point3 to, point3 outward) {
    svg::point const a = look(from), b = look(to);
    line(from, to, edge);
    double const length = std::hypot(b.x - a.x, b.y - a.y);
    if (length < 30) return;  // seen from its end
    point3 const middle = 0.5 * (from + to);
    svg::point const m = look(middle), o = look(middle + 0.2 * outward);
    double const away = std::hypot(o.x - m.x, o.y - m.y);
    // Across the edge where the box's own way out is seen from its end.
    svg::point out = away > 4 ? svg::point{(o.x - m.x) / away, (o.y - m.y) / away}
                              : svg::point{(a.y - b.y) / length, (b.x - a.x) / length};
    double widest = 0;
    each(of, [&](double at, std::string const& text) {
      double const part = (at + (to.z > from.z ? h : 1)) / (to.z > from.z ? 2 * h : 2);
      svg::point const p = look(from + part * (to - from));
      on.line(p, {p.x + 4 * out.x, p.y + 4 * out.y}, edge);
      auto const side = out.x < -0.35  ? svg::anchor::end
                        : out.x > 0.35 ? svg::anchor::start
                                       : svg::anchor::middle;
      on.text({p.x + 8 * out.x, p.y + 4 + (side == svg::anchor::middle ? 13 : 10) * out.y}, text,
              {.size = theme::label_size, .colour = theme::soft, .at = side});
      widest = std::max(widest, svg::text_width(text, theme::label_size));
    });
    if (of.label.empty()) return;
    double turn = std::atan2(b.y - a.y, b.x - a.x) * 180 / std::numbers::pi;
    if (turn > 90) turn -= 180;
    if (turn <= -90) turn += 180;
    if (std::abs(turn) > 75) turn = -90;
    double const wide = svg::text_width(of.label, 12.5);
    if (wide < 24) turn = 0;  // a letter or two
    // Across the edge, past the labels.
    svg::point normal{(a.y - b.y) / length, (b.x - a.x) / length};
    if (normal.x * out.x + normal.y * out.y < 0) normal = {-normal.x, -normal.y};
    double const past = 22 + widest * std::abs(normal.x) + 12 * std::abs(normal.y);
    double const base = 4 * std::cos(turn * std::numbers::pi / 180);  // letters stand on their line
    on.text({m.x + past * normal.x, m.y + past * normal.y + base}, of.label,
            {.size = 12.5, .colour = theme::ink, .at = svg::anchor::middle, .turn = turn});
  };
  along(x, {-1, near_y, -h}, {1, near_y, -h}, {0, near_y, 0});
  along(y, {near_x, -1, -h}, {near_x, 1, -h}, {near_x, 0, 0});
  // z stands at the left of the two edges that end the walls.
  point3 const first{near_x, -near_y, -h}, second{-near_x, near_y, -h};
  point3 const foot = look(first).x < look(second).x ? first : second;
  point3 const out = foot.x == near_x ? point3{near_x, 0, 0} : point3{0, near_y, 0};
  along(z, foot, {foot.x, foot.y, h}, out);
}

}  // namespace typegrad::plot

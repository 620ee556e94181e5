// SPDX-License-Identifier: BSL-1.0
// A path, or points, on a surface or above it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <typegrad/io/plot_axis.hpp>
#include <typegrad/io/plot_cell.hpp>
#include <typegrad/io/plot_mesh.hpp>
#include <typegrad/io/plot_view.hpp>
#include <typegrad/io/svg.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

class path3 {
 public:
  /// A line, or dots, at places of the axes; with `on_surface` their heights are the surface's.
  path3(std::string name, std::vector<point3> places, bool line, bool on_surface)
      : name_(std::move(name)), places_(std::move(places)), line_(line), on_surface_(on_surface) {}

  std::string_view name() const { return name_; }
  bool is_line() const { return line_; }

  /// The circle that marks where a path starts (open) or ends.
  static void draw_end(svg::canvas& on, svg::point at, std::string_view colour, bool start) {
    if (start) {
      on.circle(at, 4.5, theme::paper, {.colour = colour, .width = 2});
    } else {
      on.circle(at, 5.5, colour, {.colour = theme::paper, .width = 1.5});
    }
  }

  /// The path as it looks from above, on the floor.
  void draw_shadow(svg::canvas& on, view const& look, std::array<axis, 3> const& axes,
                   std::string_view colour) const {
    std::vector<svg::point> run;
    auto const draw_run = [&] {
      if (run.size() > 1) on.polyline(run, {.colour = colour, .width = 1.2, .dash = "3 3"});
      run.clear();
    };
    if (!line_) return;
    for (std::size_t i = 1; i < places_.size(); ++i) {
      auto const piece = in_box(places_[i - 1], places_[i], axes, true);
      if (!piece) {
        draw_run();
        continue;
      }
      for (point3 const p : *piece) append(run, look({p.x, p.y, -box::height}));
    }
    draw_run();
  }

  /// Draws it over the surface, whose heights begin at `foot`: what is hidden faintly.
  void draw(svg::canvas& on, view const& look, mesh const& surface, std::array<axis, 3> const& axes,
            double foot, std::string_view colour) const {
    auto const lifted = [&](point3 p) {
      if (on_surface_) p.z = surface(p.x, p.y);
      return p;
    };
    auto const shown = [&](point3 p) { return p.finite() && p.z > foot - 1e-6 && inside(p); };
    if (!line_) {
      for (auto const place : places_) {
        point3 const p = lifted(scaled(place, axes));
        if (!shown(p)) continue;
        double const opacity = surface.hides(p, look.eye(), 0.02) ? 0.3 : 1;
        on.begin_group({.colour = theme::paper, .width = 1, .opacity = opacity}, colour, opacity);
        on.circle(look(p), 3.5);
        on.end_group();
      }
      return;
    }
    // Runs of what is seen, and of what is hidden.
    std::vector<std::vector<svg::point>> seen, hidden;
    std::optional<point3> first, last;
    int before = 0;  // 1: seen, -1: hidden
    std::vector<svg::point> run;
    auto const end_run = [&] {
      if (run.size() > 1) (before > 0 ? seen : hidden).push_back(run);
      run.clear();
    };
    for (std::size_t i = places_.size() > 1 ? 1 : 0; i < places_.size(); ++i) {
      auto const piece = in_box(places_[i > 0 ? i - 1 : 0], places_[i], axes, on_surface_);
      if (!piece) {
        end_run();
        continue;
      }
      point3 const way = (*piece)[1] - (*piece)[0];
      int const steps = 1 + static_cast<int>(std::sqrt(dot(way, way)) / 0.02);
      for (int k = 0; k <= steps; ++k) {
        point3 const p = lifted((*piece)[0] + static_cast<double>(k) / steps * way);
        if (!shown(p)) {
          end_run();
          continue;
        }
        if (!first) first = p;
        last = p;
        int const now = surface.hides(p, look.eye(), 0.02) ? -1 : 1;
        if (!run.empty() && now != before) {
          append(run, look(p));
          end_run();
        }
        before = now;
        append(run, look(p));
      }
    }
    end_run();
    for (auto const& one : hidden) {
      on.polyline(one, {.colour = colour, .width = 1.5, .dash = "3 3", .opacity = 0.6});
    }
    for (auto const& one : seen) on.polyline(one, {.colour = theme::paper, .width = 4.5});
    for (auto const& one : seen) on.polyline(one, {.colour = colour, .width = 2.5});
    if (first) draw_end(on, look(*first), colour, true);
    if (last) draw_end(on, look(*last), colour, false);
  }

 private:
  static bool inside(point3 p) {
    double const most = 1 + 1e-6;
    return std::abs(p.x) <= most && std::abs(p.y) <= most && std::abs(p.z) <= box::height + 1e-6;
  }

  static point3 scaled(point3 p, std::array<axis, 3> const& axes) {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    return {axes[0].pixel(p.x), axes[1].pixel(p.y), axes[2].shows(p.z) ? axes[2].pixel(p.z) : nan};
  }

  // The part of a piece that is in the box; with `flat`, heights are not looked at.
  static std::optional<std::array<point3, 2>> in_box(point3 a, point3 b,
                                                     std::array<axis, 3> const& axes, bool flat) {
    if (flat) a.z = b.z = 1;  // a place of every axis
    a = scaled(a, axes);
    b = scaled(b, axes);
    if (!a.finite() || !b.finite()) return std::nullopt;
    double from = 0, to = 1;
    auto const cut = [&](double at_a, double at_b, double limit) {
      for (double const sign : {1.0, -1.0}) {
        double const inside_a = limit - sign * at_a, inside_b = limit - sign * at_b;
        if (inside_a < 0 && inside_b < 0) to = -1;
        if (inside_a < 0 && inside_b >= 0) from = std::max(from, inside_a / (inside_a - inside_b));
        if (inside_a >= 0 && inside_b < 0) to = std::min(to, inside_a / (inside_a - inside_b));
      }
    };
    cut(a.x, b.x, 1);
    cut(a.y, b.y, 1);
    if (!flat) cut(a.z, b.z, box::height);
    if (!(from <= to)) return std::nullopt;
    return std::array<point3, 2>{a + from * (b - a), a + to * (b - a)};
  }

  // A picture need not hold what no eye tells apart.
  static void append(std::vector<svg::point>& run, svg::point next) {
    if (!run.empty() && std::hypot(run.back().x - next.x, run.back().y - next.y) < 0.3) return;
    run.push_back(next);
  }

  std::string name_;
  std::vector<point3> places_;
  bool line_, on_surface_;
};

}  // namespace typegrad::plot

// SPDX-License-Identifier: BSL-1.0
// Surfaces z(x, y) in three dimensions, with paths and points on them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/io/colour_map.hpp>
#include <typegrad/io/plot.hpp>
#include <typegrad/io/plot_box.hpp>
#include <typegrad/io/plot_legend.hpp>
#include <typegrad/io/plot_mesh.hpp>
#include <typegrad/io/plot_path.hpp>
#include <typegrad/io/plot_view.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

/// A surface over a grid, coloured by its height, with its level lines on the floor.
///
///     fig.surface("mean squared error", plot::linspace(-1, 1, 41), plot::linspace(-1, 1, 41),
///     error)
///         .x_label("m").y_label("b").path("gradient descent", ms, bs);
class surface_panel : public cell {
 public:
  /// std::invalid_argument unless xs and ys, two or more each, are finite and grow, and z has a
  /// value for each place.
  surface_panel(std::string title, height_grid grid)
      : title_(std::move(title)), grid_(std::move(grid)) {
    check("x", grid_.xs);
    check("y", grid_.ys);
    std::size_t const places = grid_.xs.size() * grid_.ys.size();
    if (grid_.z.size() != places) {
      refuse("over ", grid_.xs.size(), " xs and ", grid_.ys.size(), " ys needs ", places,
             " values, a row of ", grid_.xs.size(), " for each y; got ", grid_.z.size());
    }
  }

  surface_panel& x_label(std::string text) {
    x_label_ = std::move(text);
    return *this;
  }
  surface_panel& y_label(std::string text) {
    y_label_ = std::move(text);
    return *this;
  }
  surface_panel& z_label(std::string text) {
    z_label_ = std::move(text);
    return *this;
  }
  surface_panel& z_scale(scale how) {
    if (!z_fixed_.empty()) checked_range("z_range", z_fixed_.low, z_fixed_.high, how);
    z_scale_ = how;
    return *this;
  }
  /// A fixed range of heights and colours; the surface is cut where it leaves it.
  surface_panel& z_range(double low, double high) {
    z_fixed_ = checked_range("z_range", low, high, z_scale_);
    return *this;
  }
  /// Where it is seen from, in degrees: the azimuth about z, from the x axis, and the elevation
  /// above the floor, from 0 to 90.
  surface_panel& view_from(double azimuth, double elevation) {
    if (!(std::isfinite(azimuth) && elevation >= 0 && elevation <= 90)) {
      refuse("is seen from an elevation of 0 to 90 degrees, not from azimuth ", azimuth,
             " and elevation ", elevation);
    }
    azimuth_ = azimuth;
    elevation_ = elevation;
    return *this;
  }
  /// About how many level lines the floor shows; 12 otherwise, 0 for none.
  surface_panel& contours(int count) {
    contours_ = std::clamp(count, 0, 100);
    return *this;
  }
  surface_panel& colours(colour_map map) {
    colours_ = map;
    return *this;
  }

  /// A named path through (xs[i], ys[i], zs[i]), its start and end marked. What the surface hides
  /// is faint, what is outside the axes is cut off; NaN is a gap. std::invalid_argument unless
  /// there are as many of each.
  template <std::ranges::input_range Xs, std::ranges::input_range Ys, std::ranges::input_range Zs>
  surface_panel& path(std::string name, Xs const& xs, Ys const& ys, Zs const& zs) {
    return add(std::move(name), xs, ys, &zs, true);
  }
  /// A path on the surface.
  template <std::ranges::input_range Xs, std::ranges::input_range Ys>
  surface_panel& path(std::string name, Xs const& xs, Ys const& ys) {
    return add(std::move(name), xs, ys, static_cast<Xs const*>(nullptr), true);
  }
  /// Named dots at (xs[i], ys[i], zs[i]).
  template <std::ranges::input_range Xs, std::ranges::input_range Ys, std::ranges::input_range Zs>
  surface_panel& points(std::string name, Xs const& xs, Ys const& ys, Zs const& zs) {
    return add(std::move(name), xs, ys, &zs, false);
  }
  /// Dots on the surface.
  template <std::ranges::input_range Xs, std::ranges::input_range Ys>
  surface_panel& points(std::string name, Xs const& xs, Ys const& ys) {
    return add(std::move(name), xs, ys, static_cast<Xs const*>(nullptr), false);
  }

  double natural_width() const override { return 600; }
  double height(double width, double usual) const override {
    return std::max(usual, 0.68 * width + title_height() + key(nullptr, {}, width));
  }

  void draw(svg::canvas& on, svg::point corner, double width, double height,
            double) const override {
    if (!title_.empty()) {
      on.text({corner.x + 16, corner.y + 20}, title_,
              {.size = theme::title_size, .colour = theme::ink, .bold = true});
    }
    svg::point const below{corner.x + 16, corner.y + title_height()};
    double const top = title_height() + key(&on, below, width - 32);

    range const values = shown();
    if (values.empty()) {
      on.text({corner.x + width / 2, corner.y + (top + height) / 2}, "no data",
              {.size = 13, .colour = theme::line, .at = svg::anchor::middle});
      return;
    }
    // The floor lies deeper than the surface, so that its lines are seen.
    double const drop = contours_ > 0 ? 0.3 : 0.0;
    axis const x(ends(grid_.xs), scale::linear, false, -1, 1, 6);
    axis const y(ends(grid_.ys), scale::linear, false, -1, 1, 6);
    double const foot = box::height * (2 * drop / (1 + drop) - 1);  // of the surface
    axis const z(values, z_scale_, false, foot, box::height, 6);

    view look(azimuth_, elevation_);
    look.fit({corner.x + 60, corner.y + top + 6}, width - 60 - 124, height - top - 52);
    draw_box(on, look, {x, x_label_, -1, 1}, {y, y_label_, -1, 1},
             {z, z_label_, foot, box::height});
    mesh const surface(grid_, x, y, z);
    draw_floor(on, look, surface, values, {x, y, z});
    draw_surface(on, look, surface, foot);
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      paths_[i].draw(on, look, surface, {x, y, z}, foot, style(i));
    }
    double const high = std::min(230.0, 0.6 * (height - top));
    draw_colours(on, {corner.x + width - 84, corner.y + top + (height - top - high) / 2 - 10}, high,
                 values);
  }

 private:
  template <class... Parts>
  [[noreturn]] void refuse(Parts const&... parts) const {
    throw std::invalid_argument(
        data_detail::message("plot: surface ", data_detail::in_quotes(title_), ' ', parts...));
  }

  void check(char const* name, std::vector<double> const& values) const {
    if (values.size() < 2) refuse("needs 2 ", name, "s or more, got ", values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i]))
        refuse("needs finite ", name, "s; ", name, "s[", i, "] is not");
      if (i > 0 && !(values[i - 1] < values[i])) {
        refuse("needs ", name, "s that grow; ", name, "s[", i, "] is ", values[i], " after ",
               values[i - 1]);
      }
    }
  }

  template <class Xs, class Ys, class Zs>
  surface_panel& add(std::string name, Xs const& xs, Ys const& ys, Zs const* zs, bool line) {
    std::vector<double> x, y, z;
    for (auto const v : xs) x.push_back(static_cast<double>(v));
    for (auto const v : ys) y.push_back(static_cast<double>(v));
    if (zs != nullptr) {
      for (auto const v : *zs) z.push_back(static_cast<double>(v));
    }
    if (x.size() != y.size() || (zs != nullptr && x.size() != z.size())) {
      std::string const of_z = zs == nullptr ? "" : data_detail::message(" and ", z.size(), " z");
      throw std::invalid_argument(
          data_detail::message("plot: series ", data_detail::in_quotes(name), " has ", x.size(),
                               zs == nullptr ? " x and " : " x, ", y.size(), " y", of_z,
                               " values; they must be as many"));
    }
    std::vector<point3> places;
    for (std::size_t i = 0; i < x.size(); ++i) places.push_back({x[i], y[i], zs ? z[i] : 0.0});
    paths_.emplace_back(std::move(name), std::move(places), line, zs == nullptr);
    return *this;
  }

  double title_height() const { return title_.empty() ? 8 : 30; }

  // The first of the colours that panels use is too near to viridis' blue.
  static std::string_view style(std::size_t i) {
    constexpr std::array<std::string_view, 5> colours{"#d55e00", "#000000", "#cc79a7", "#e69f00",
                                                      "#56b4e9"};
    return colours[i % colours.size()];
  }

  // The legend; where there are paths it says how they begin and end.
  double key(svg::canvas* on, svg::point at, double width) const {
    std::vector<std::string_view> names;
    bool lines = false;
    for (auto const& one : paths_) {
      names.push_back(one.name());
      lines = lines || one.is_line();
    }
    std::size_t const series = names.size();
    if (lines) names.insert(names.end(), {"start", "end"});
    return legend(on, at, width, names, [&](std::size_t i, svg::point place, double wide) {
      svg::point const middle{place.x + wide / 2, place.y};
      if (i >= series) {
        path3::draw_end(*on, middle, theme::soft, i == series);
      } else if (paths_[i].is_line()) {
        on->line(place, {place.x + wide, place.y}, {.colour = style(i), .width = 2.5});
      } else {
        on->circle(middle, 3.5, style(i), {.colour = theme::paper, .width = 1});
      }
    });
  }

  static range ends(std::vector<double> const& values) { return {values.front(), values.back()}; }

  // The heights that are shown; none if there are none.
  range shown() const {
    if (!z_fixed_.empty()) {
      bool const fits = z_scale_ == scale::linear || z_fixed_.low > 0;
      return fits ? z_fixed_ : range{};
    }
    range all;
    for (double const value : grid_.z) {
      if (z_scale_ == scale::linear || value > 0) all.cover(value);
    }
    if (all.empty()) return all;
    if (!(all.low < all.high)) return padded(all, z_scale_, 0, false);
    bool const from_zero = z_scale_ == scale::linear && all.low > 0 && all.low < 0.05 * all.high;
    return {from_zero ? 0 : all.low, all.high};
  }

  static svg::point rounded(svg::point p) {
    return {std::round(p.x * 10) / 10, std::round(p.y * 10) / 10};
  }

  void draw_floor(svg::canvas& on, view const& look, mesh const& surface, range values,
                  std::array<axis, 3> const& axes) const {
    if (contours_ == 0) return;
    axis const levels(values, z_scale_, false, 0, 1, contours_);
    for (auto const& level : levels.ticks()) {
      std::vector<svg::point> ends;
      for (point3 const p : surface.contour(axes[2].pixel(level.value), -box::height)) {
        ends.push_back(rounded(look(p)));
      }
      if (ends.empty()) continue;
      on.segments(ends, {.colour = hex(colours_(levels.pixel(level.value))), .width = 1.3});
    }
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      paths_[i].draw_shadow(on, look, axes, style(i));
    }
  }

  void draw_surface(svg::canvas& on, view const& look, mesh const& surface, double foot) const {
    on.begin_group({.width = 0.7});
    surface.from_behind(look.eye(), [&](std::array<point3, 4> const& corners) {
      auto const shape = mesh::between({corners.begin(), corners.end()}, foot, box::height);
      if (shape.size() < 3) return;
      double sum = 0;
      std::vector<svg::point> places;
      for (point3 const p : shape) {
        sum += p.z;
        places.push_back(rounded(look(p)));
      }
      double const middle = sum / static_cast<double>(shape.size());
      on.polygon(places, hex(colours_((middle - foot) / (box::height - foot))), true);
    });
    on.end_group();

    std::vector<svg::point> run;
    auto const end_run = [&] {
      if (run.size() > 1) on.polyline(run, {.colour = theme::paper, .width = 0.8, .opacity = 0.45});
      run.clear();
    };
    for (auto const& line : surface.net(1)) {
      for (point3 const p : line) {
        bool const seen = p.finite() && p.z > foot - 1e-6 && p.z < box::height + 1e-6 &&
                          !surface.hides(p, look.eye(), 0.006);
        if (seen) {
          run.push_back(rounded(look(p)));
        } else {
          end_run();
        }
      }
      end_run();
    }
  }

  void draw_colours(svg::canvas& on, svg::point corner, double high, range values) const {
    double const wide = 12;
    std::vector<std::string> stops;
    for (int i = 32; i >= 0; --i) stops.push_back(hex(colours_(i / 32.0)));
    on.fade(corner, wide, high, stops);
    axis const ticks(values, z_scale_, false, corner.y + high, corner.y, 6);
    for (auto const& one : ticks.ticks()) {
      double const at = ticks.pixel(one.value);
      on.line({corner.x + wide, at}, {corner.x + wide + 4, at}, {.colour = theme::line});
      on.text({corner.x + wide + 8, at + 4}, one.label,
              {.size = theme::label_size, .colour = theme::soft});
    }
  }

  std::string title_, x_label_, y_label_, z_label_;
  height_grid grid_;
  scale z_scale_ = scale::linear;
  range z_fixed_;
  double azimuth_ = -60, elevation_ = 30;
  int contours_ = 12;
  colour_map colours_ = viridis;
  std::vector<path3> paths_;
};

/// `z` is a function z(x, y), or the values themselves, row-major with a row of all xs for each y,
/// as NumPy's meshgrid has them; NaN is a hole. Of more than 50 cells on a side, as many are drawn.
/// std::invalid_argument unless xs and ys, two or more each, are finite and grow, and there are as
/// many values as places.
template <class Xs, class Ys, class Z>
surface_panel& figure::surface(std::string panel_title, Xs const& xs, Ys const& ys, Z const& z) {
  height_grid grid;
  for (auto const x : xs) grid.xs.push_back(static_cast<double>(x));
  for (auto const y : ys) grid.ys.push_back(static_cast<double>(y));
  if constexpr (std::invocable<Z const&, std::ranges::range_value_t<Xs>,
                               std::ranges::range_value_t<Ys>>) {
    for (auto const y : ys) {
      for (auto const x : xs) grid.z.push_back(static_cast<double>(z(x, y)));
    }
  } else {
    if constexpr (requires { z.shape(); }) {
      std::vector<std::size_t> dims;
      for (auto const dim : z.shape()) dims.push_back(static_cast<std::size_t>(dim));
      if (dims.size() == 2 && (dims[0] != grid.ys.size() || dims[1] != grid.xs.size())) {
        throw std::invalid_argument(data_detail::message(
            "plot: surface ", data_detail::in_quotes(panel_title), " over ", grid.xs.size(),
            " xs and ", grid.ys.size(), " ys needs an array of ", grid.ys.size(), "x",
            grid.xs.size(), " (ys x xs), got ", data_detail::dims_text(dims)));
      }
    }
    for (auto const value : z) grid.z.push_back(static_cast<double>(value));
  }
  return add(std::make_unique<surface_panel>(std::move(panel_title), std::move(grid)));
}

}  // namespace typegrad::plot

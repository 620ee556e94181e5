// SPDX-License-Identifier: BSL-1.0
// What a panel of a plot shows: lines and points. Other kinds derive from `mark`.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <typegrad/io/plot_axis.hpp>
#include <typegrad/io/svg.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

/// Colour and dashes of the i-th mark of a panel.
struct mark_style {
  std::string_view colour, dash;
};

/// Okabe and Ito's colours, which people with colour vision deficiencies can tell apart; dashes
/// change with them, so that prints in grey work too.
template <int = 0>
mark_style style_of(std::size_t i) {
  constexpr std::array<std::string_view, 7> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                    "#e69f00", "#56b4e9", "#000000"};
  constexpr std::array<std::string_view, 5> dashes{"", "7 4", "2 4", "9 4 2 4", "12 4"};
  return {colours[i % colours.size()], dashes[i % dashes.size()]};
}

/// Something with places in the panel's coordinates that can draw itself.
class mark {
 public:
  explicit mark(std::string name) : name_(std::move(name)) {}
  mark(mark const&) = delete;
  mark& operator=(mark const&) = delete;
  virtual ~mark() = default;

  /// The name in the legend; none, no entry.
  std::string_view name() const { return name_; }
  /// What the axes must cover.
  virtual std::span<svg::point const> places() const = 0;
  virtual void draw(svg::canvas& on, axis const& x, axis const& y, mark_style style) const = 0;
  /// The legend's sample, from `at` (middle of its left edge) to the right.
  virtual void draw_key(svg::canvas& on, svg::point at, double width, mark_style style) const = 0;
  /// Whether it uses the style's dashes.
  virtual bool dashed() const { return false; }

 private:
  std::string name_;
};

class line_mark : public mark {
 public:
  /// With `dots`, places that are few get a dot each.
  line_mark(std::string name, std::vector<svg::point> places, bool dots = true)
      : mark(std::move(name)), places_(std::move(places)), dots_(dots && places_.size() <= 30) {}

  bool dashed() const override { return true; }

  std::span<svg::point const> places() const override { return places_; }

  void draw(svg::canvas& on, axis const& x, axis const& y, mark_style style) const override {
    std::vector<svg::point> run;
    auto const draw_run = [&] {
      if (run.size() > 1)
        on.polyline(run, {.colour = style.colour, .width = 2, .dash = style.dash});
      if (dots_ || run.size() == 1) {
        for (auto const p : run) dot(on, p, style);
      }
      run.clear();
    };
    for (auto const p : places_) {
      if (x.shows(p.x) && y.shows(p.y)) {
        run.push_back({x.pixel(p.x), y.pixel(p.y)});
      } else {
        draw_run();
      }
    }
    draw_run();
  }

  void draw_key(svg::canvas& on, svg::point at, double width, mark_style style) const override {
    on.line(at, {at.x + width, at.y}, {.colour = style.colour, .width = 2, .dash = style.dash});
    if (dots_) dot(on, {at.x + width / 2, at.y}, style);
  }

 private:
  static void dot(svg::canvas& on, svg::point at, mark_style style) {
    on.circle(at, 3, style.colour, {.colour = "#ffffff", .width = 1});
  }
  std::vector<svg::point> places_;
  bool dots_;
};

class points_mark : public mark {
 public:
  points_mark(std::string name, std::vector<svg::point> places)
      : mark(std::move(name)), places_(std::move(places)) {}

  std::span<svg::point const> places() const override { return places_; }

  void draw(svg::canvas& on, axis const& x, axis const& y, mark_style style) const override {
    begin(on, style);
    for (auto const p : places_) {
      if (x.shows(p.x) && y.shows(p.y)) on.circle({x.pixel(p.x), y.pixel(p.y)}, radius());
    }
    on.end_group();
  }

  void draw_key(svg::canvas& on, svg::point at, double width, mark_style style) const override {
    on.circle({at.x + width / 2, at.y}, std::max(3.0, radius()), style.colour, {.colour = "none"});
  }

 private:
  // Of some hundred dots and more, those that lie on each other must be told apart.
  double crowd() const {
    double const many = static_cast<double>(places_.size());
    return std::clamp((std::log10(std::max(many, 1.0)) - 1.7) / 2, 0.0, 1.0);
  }
  double radius() const { return 3.5 - 1.7 * crowd(); }
  void begin(svg::canvas& on, mark_style style) const {
    on.begin_group({.colour = crowd() < 0.5 ? "#ffffff" : "none", .width = 0.8}, style.colour,
                   crowd() > 0 ? 0.75 - 0.45 * crowd() : 1.0);
  }
  std::vector<svg::point> places_;
};

}  // namespace typegrad::plot

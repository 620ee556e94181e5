// SPDX-License-Identifier: BSL-1.0
// Charts as standalone SVG files: figures of panels, panels of marks (lines, points).
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/io/atomic_file.hpp>
#include <typegrad/io/plot_axis.hpp>
#include <typegrad/io/plot_mark.hpp>
#include <typegrad/io/svg.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

/// One chart of a figure. `line`, `points` and `add` return the panel, so calls can be chained.
class panel {
 public:
  explicit panel(std::string title) : title_(std::move(title)) {}

  panel& x_label(std::string text) {
    x_label_ = std::move(text);
    return *this;
  }
  panel& y_label(std::string text) {
    y_label_ = std::move(text);
    return *this;
  }
  panel& x_scale(scale how) {
    x_scale_ = how;
    return *this;
  }
  panel& y_scale(scale how) {
    y_scale_ = how;
    return *this;
  }
  /// A fixed range instead of the one the values have.
  panel& y_range(double low, double high) {
    if (!(low < high)) throw std::invalid_argument("plot: y_range needs low < high");
    y_fixed_ = {low, high};
    return *this;
  }

  /// A named line through (xs[i], ys[i]); NaN and infinite values are gaps, a lonely point between
  /// gaps is a dot. std::invalid_argument unless there are as many xs as ys.
  template <std::ranges::input_range Xs, std::ranges::input_range Ys>
  panel& line(std::string name, Xs const& xs, Ys const& ys) {
    return add(std::make_unique<line_mark>(std::move(name), places(name, xs, ys)));
  }

  /// Named dots at (xs[i], ys[i]).
  template <std::ranges::input_range Xs, std::ranges::input_range Ys>
  panel& points(std::string name, Xs const& xs, Ys const& ys) {
    return add(std::make_unique<points_mark>(std::move(name), places(name, xs, ys)));
  }

  /// Any other kind of mark.
  panel& add(std::unique_ptr<mark> one) {
    marks_.push_back(std::move(one));
    return *this;
  }

  /// The room that the y axis' labels need beside the plot, in a rectangle of this size.
  double margin(double width, double height) const {
    double widest = 0;
    axis const y = y_axis({}, width, height);
    for (auto const& one : y.ticks()) {
      widest = std::max(widest, svg::text_width(one.label, label_size));
    }
    return widest + (y_label_.empty() ? 18 : 36);
  }

  /// Draws the panel into a rectangle of the canvas, with at least `margin(width, height)` for the
  /// labels on the left.
  void draw(svg::canvas& on, svg::point corner, double width, double height,
            double left_margin) const;

 private:
  static constexpr double label_size = 11.5;

  double title_height() const { return title_.empty() ? 8 : 30; }

  axis y_axis(svg::point corner, double width, double height) const {
    double const top = corner.y + title_height() + legend(nullptr, {}, width - 70) + 8;
    double const bottom = corner.y + height - (x_label_.empty() ? 30 : 48);
    return {y_fixed_.empty() ? padded(fitted(true), y_scale_, 0.06, true) : y_fixed_,
            y_scale_,
            false,
            bottom,
            top,
            std::clamp(static_cast<int>((bottom - top) / 42), 2, 10)};
  }

  template <class Xs, class Ys>
  static std::vector<svg::point> places(std::string_view name, Xs const& xs, Ys const& ys) {
    std::vector<svg::point> out;
    auto x = std::ranges::begin(xs);
    auto y = std::ranges::begin(ys);
    for (; x != std::ranges::end(xs) && y != std::ranges::end(ys); ++x, ++y) {
      out.push_back({static_cast<double>(*x), static_cast<double>(*y)});
    }
    if (x != std::ranges::end(xs) || y != std::ranges::end(ys)) {
      throw std::invalid_argument(data_detail::message(
          "plot: series ", data_detail::in_quotes(name), " has ", std::ranges::distance(xs),
          " x and ", std::ranges::distance(ys), " y values; they must be as many"));
    }
    return out;
  }

  // The legend's rows, from `at` to the right; returns their height. Draws only with a canvas.
  double legend(svg::canvas* on, svg::point at, double width) const {
    double const row = 19, key = 24, gap = 18;
    double x = 0, y = 0;
    bool any = false;
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      std::string_view const name = marks_[i]->name();
      if (name.empty()) continue;
      double const need = key + 6 + svg::text_width(name, 12);
      if (any && x + need > width) {
        x = 0;
        y += row;
      }
      if (on != nullptr) {
        marks_[i]->draw_key(*on, {at.x + x, at.y + y + row / 2}, key, style_of(i));
        on->text({at.x + x + key + 6, at.y + y + row / 2 + 4}, name, {.size = 12});
      }
      x += need + gap;
      any = true;
    }
    return any ? y + row : 0;
  }

  range fitted(bool vertical) const {
    scale const how = vertical ? y_scale_ : x_scale_;
    range all;
    for (auto const& one : marks_) {
      for (svg::point const p : one->places()) {
        double const value = vertical ? p.y : p.x, other = vertical ? p.x : p.y;
        if (std::isfinite(other) && (how == scale::linear || value > 0)) all.cover(value);
      }
    }
    return all;
  }

  bool whole_x() const {
    bool whole = true;
    for (auto const& one : marks_) {
      for (svg::point const p : one->places()) whole = whole && std::floor(p.x) == p.x;
    }
    return whole;
  }

  std::string title_, x_label_, y_label_;
  scale x_scale_ = scale::linear, y_scale_ = scale::linear;
  range y_fixed_;
  std::vector<std::unique_ptr<mark>> marks_;
};

/// A picture of one or several panels. Needs nothing but a viewer of SVG (any browser).
///
///     plot::figure fig{.title = "training"};
///     fig.panel("loss").line("training", epochs, loss).line("validation", epochs, val_loss);
///     fig.save("history.svg");
struct figure {
  std::string title = {};
  double width = 0;  ///< in pixels; 0: 480 for each column
  double panel_height = 330;
  std::size_t columns = 0;  ///< panels side by side; 0: up to 2
  std::vector<std::unique_ptr<plot::panel>> panels = {};

  /// Adds a panel, in reading order. The reference stays good.
  plot::panel& panel(std::string panel_title) {
    return *panels.emplace_back(std::make_unique<plot::panel>(std::move(panel_title)));
  }

  /// The picture as SVG text.
  std::string svg() const {
    std::size_t const count = std::max<std::size_t>(panels.size(), 1);
    std::size_t const across = std::clamp<std::size_t>(columns == 0 ? 2 : columns, 1, count);
    std::size_t const down = (count + across - 1) / across;
    double const wide = width > 0 ? width : 480 * static_cast<double>(across);
    double const edge = 16, head = title.empty() ? 8 : 44;
    double const cell = (wide - 2 * edge) / static_cast<double>(across);
    typegrad::svg::canvas on(wide, head + static_cast<double>(down) * panel_height + edge,
                             title.empty() ? "plot" : title);
    on.rectangle({0, 0}, on.width(), on.height(), "#ffffff");
    if (!title.empty()) {
      on.text({wide / 2, 29}, title,
              {.size = 17, .colour = "#111827", .at = typegrad::svg::anchor::middle, .bold = true});
    }
    // Panels one above the other begin at the same place.
    std::vector<double> margins(across, 0.0);
    for (std::size_t i = 0; i < panels.size(); ++i) {
      double& widest = margins[i % across];
      widest = std::max(widest, panels[i]->margin(cell, panel_height));
    }
    for (std::size_t i = 0; i < panels.size(); ++i) {
      panels[i]->draw(on,
                     {edge + cell * static_cast<double>(i % across),
                      head + panel_height * static_cast<double>(i / across)},
                     cell, panel_height, margins[i % across]);
    }
    return on.finish();
  }

  /// Writes the picture to a file, as a whole or not at all; std::runtime_error if that fails.
  void save(std::filesystem::path const& path) const { write_atomically(path, svg()); }
};

inline void panel::draw(svg::canvas& on, svg::point corner, double width, double height,
                        double left_margin) const {
  constexpr std::string_view ink = "#1f2937", soft = "#4b5563", grid = "#e5e7eb", line = "#9ca3af";
  axis const y = y_axis(corner, width, height);
  double const bottom = y.from(), top = y.to();
  double const left = corner.x + left_margin, right = corner.x + width - 16;
  axis const x(padded(fitted(false), x_scale_, 0.025, false), x_scale_, whole_x(), left, right,
               std::clamp(static_cast<int>((right - left) / 55), 2, 12));

  on.text({left, corner.y + 20}, title_, {.size = 14, .colour = ink, .bold = true});
  legend(&on, {left, corner.y + title_height()}, width - 70);

  for (auto const& one : y.ticks()) {
    double const at = y.pixel(one.value);
    on.line({left, at}, {right, at}, {.colour = grid});
    on.text({left - 8, at + 4}, one.label,
            {.size = label_size, .colour = soft, .at = svg::anchor::end});
  }
  for (auto const& one : x.ticks()) {
    double const at = x.pixel(one.value);
    on.line({at, bottom}, {at, bottom + 4}, {.colour = line});
    on.text({at, bottom + 18}, one.label,
            {.size = label_size, .colour = soft, .at = svg::anchor::middle});
  }
  on.line({left, bottom}, {right, bottom}, {.colour = line});
  if (!x_label_.empty()) {
    on.text({(left + right) / 2, bottom + 38}, x_label_,
            {.size = 12, .colour = soft, .at = svg::anchor::middle});
  }
  if (!y_label_.empty()) {
    on.text({corner.x + 14, (top + bottom) / 2}, y_label_,
            {.size = 12, .colour = soft, .at = svg::anchor::middle, .turn = -90});
  }

  bool shown = false;
  on.begin_clip({left - 6, top - 6}, right - left + 12, bottom - top + 7);
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    for (svg::point const p : marks_[i]->places()) shown = shown || (x.shows(p.x) && y.shows(p.y));
    marks_[i]->draw(on, x, y, style_of(i));
  }
  on.end_clip();
  if (!shown) {
    on.text({(left + right) / 2, (top + bottom) / 2}, "no data",
            {.size = 13, .colour = line, .at = svg::anchor::middle});
  }
}

}  // namespace typegrad::plot

// SPDX-License-Identifier: BSL-1.0
// A chart with two axes: a panel of marks (lines, points).
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/io/plot_axis.hpp>
#include <typegrad/io/plot_cell.hpp>
#include <typegrad/io/plot_legend.hpp>
#include <typegrad/io/plot_mark.hpp>
#include <typegrad/io/svg.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

/// One chart of a figure. `line`, `curve`, `points` and `add` return the panel, so calls can be
/// chained. What is added first is drawn first: points, then the line that fits them.
class panel : public cell {
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
    if (!y_fixed_.empty()) checked_range("y_range", y_fixed_.low, y_fixed_.high, how);
    y_scale_ = how;
    return *this;
  }
  /// A fixed range instead of the one the values have. std::invalid_argument unless low < high and
  /// both are finite; and positive, on a logarithmic scale.
  panel& y_range(double low, double high) {
    y_fixed_ = checked_range("y_range", low, high, y_scale_);
    return *this;
  }

  /// A named line through (xs[i], ys[i]), with a dot at each if they are few; NaN and infinite
  /// values are gaps, a lonely point between gaps is a dot. std::invalid_argument unless there are
  /// as many xs as ys.
  template <std::ranges::input_range Xs, std::ranges::input_range Ys>
  panel& line(std::string name, Xs const& xs, Ys const& ys) {
    return add(std::make_unique<line_mark>(std::move(name), places(name, xs, ys)));
  }

  /// A named line without dots: a function's, of which the places are but samples.
  template <std::ranges::input_range Xs, std::ranges::input_range Ys>
  panel& curve(std::string name, Xs const& xs, Ys const& ys) {
    return add(std::make_unique<line_mark>(std::move(name), places(name, xs, ys), false));
  }

  /// The same with y = f(x).
  template <std::ranges::input_range Xs, std::invocable<std::ranges::range_value_t<Xs>> F>
  panel& curve(std::string name, Xs const& xs, F const& f) {
    std::vector<svg::point> out;
    for (auto const x : xs) out.push_back({static_cast<double>(x), static_cast<double>(f(x))});
    return add(std::make_unique<line_mark>(std::move(name), std::move(out), false));
  }

  /// Named dots at (xs[i], ys[i]); many of them are smaller, and show where they lie densely.
  template <std::ranges::input_range Xs, std::ranges::input_range Ys>
  panel& points(std::string name, Xs const& xs, Ys const& ys) {
    return add(std::make_unique<points_mark>(std::move(name), places(name, xs, ys)));
  }

  /// Any other kind of mark.
  panel& add(std::unique_ptr<mark> one) {
    if (!one)
      throw std::invalid_argument(data_detail::message(
          "plot: panel ", data_detail::in_quotes(title_), ": add needs a mark, got none"));
    marks_.push_back(std::move(one));
    return *this;
  }

  /// The room that the y axis' labels need beside the plot, in a rectangle of this size.
  double margin(double width, double height) const override {
    double widest = 0;
    axis const y = y_axis({}, width, height);
    for (auto const& one : y.ticks()) {
      widest = std::max(widest, svg::text_width(one.label, label_size));
    }
    return widest + (y_label_.empty() ? 18 : 36);
  }

  // `inline` here, or else whoever includes this would compile all of the class.
  inline void draw(svg::canvas& on, svg::point corner, double width, double height,
                   double left_margin) const override;

 private:
  static constexpr double label_size = theme::label_size;

  double title_height() const { return title_.empty() ? 8 : 30; }

  axis y_axis(svg::point corner, double width, double height) const {
    double const top = corner.y + title_height() + key(nullptr, {}, width - 70) + 8;
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

  double key(svg::canvas* on, svg::point at, double width) const {
    std::vector<std::string_view> names;
    for (auto const& one : marks_) names.push_back(one->name());
    return legend(on, at, width, names, [&](std::size_t i, svg::point place, double key_width) {
      marks_[i]->draw_key(*on, place, key_width, style(i));
    });
  }

  // Colours go by the mark, dashes by the line: one line among points is solid.
  mark_style style(std::size_t i) const {
    std::size_t lines = 0;
    for (std::size_t k = 0; k < i; ++k) lines += marks_[k]->dashed();
    return {style_of(i).colour, style_of(lines).dash};
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

inline void panel::draw(svg::canvas& on, svg::point corner, double width, double height,
                        double left_margin) const {
  constexpr std::string_view ink = theme::ink, soft = theme::soft, grid = theme::grid,
                             line = theme::line;
  axis const y = y_axis(corner, width, height);
  double const bottom = y.from(), top = y.to();
  double const left = corner.x + left_margin, right = corner.x + width - 16;
  axis const x(padded(fitted(false), x_scale_, 0.025, false), x_scale_, whole_x(), left, right,
               std::clamp(static_cast<int>((right - left) / 55), 2, 12));

  on.text({left, corner.y + 20}, title_, {.size = 14, .colour = ink, .bold = true});
  key(&on, {left, corner.y + title_height()}, width - 70);

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
    marks_[i]->draw(on, x, y, style(i));
  }
  on.end_clip();
  if (!shown) {
    on.text({(left + right) / 2, (top + bottom) / 2}, "no data",
            {.size = 13, .colour = line, .at = svg::anchor::middle});
  }
}

}  // namespace typegrad::plot

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/io/svg.hpp>

namespace typegrad::plot {

/// What stands in one cell of a figure: a chart, a surface, rows of pictures.
class cell {
 public:
  cell() = default;
  cell(cell const&) = delete;
  cell& operator=(cell const&) = delete;
  virtual ~cell() = default;

  /// The width that it would like, in pixels.
  virtual double natural_width() const { return 480; }
  /// The height that it needs at a width; `usual` is what the figure's charts have.
  virtual double height([[maybe_unused]] double width, double usual) const { return usual; }
  /// The room that it needs for labels beside its axis in a rectangle of this size. Cells one above
  /// the other get the widest, so that their axes begin at the same place.
  virtual double margin([[maybe_unused]] double width, [[maybe_unused]] double height) const {
    return 0;
  }
  /// Draws it into a rectangle of the canvas, with at least `margin(width, height)` on the left.
  virtual void draw(svg::canvas& on, svg::point corner, double width, double height,
                    double left_margin) const = 0;
};

/// The colours of what is drawn around the data.
struct theme {
  static constexpr char const *ink = "#1f2937", *soft = "#4b5563", *line = "#9ca3af",
                              *grid = "#e5e7eb", *paper = "#ffffff";
  static constexpr double label_size = 11.5, title_size = 14;
};

}  // namespace typegrad::plot

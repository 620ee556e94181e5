// SPDX-License-Identifier: BSL-1.0
// A surface in its box: heights over a grid, of which every cell is a quadrangle.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <typegrad/io/plot_axis.hpp>
#include <typegrad/io/plot_view.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

/// Heights z over the places xs x ys, row-major with a row for each y. NaN is a hole.
struct height_grid {
  std::vector<double> xs, ys, z;

  double at(std::size_t row, std::size_t column) const { return z[row * xs.size() + column]; }
};

/// A height_grid in the box's coordinates, thinned to what a picture can show.
class mesh {
 public:
  static constexpr std::size_t most_cells = 50;  ///< on a side

  mesh(height_grid const& of, axis const& x, axis const& y, axis const& z) {
    auto const columns = picked(of.xs.size()), rows = picked(of.ys.size());
    for (std::size_t const i : columns) xs_.push_back(x.pixel(of.xs[i]));
    for (std::size_t const j : rows) ys_.push_back(y.pixel(of.ys[j]));
    for (std::size_t const j : rows) {
      for (std::size_t const i : columns) {
        double const value = of.at(j, i);
        heights_.push_back(z.shows(value) ? z.pixel(value) : hole);
      }
    }
  }

  /// The height between the places; NaN beside a hole and outside.
  double operator()(double x, double y) const {
    std::size_t const i = cell_of(xs_, x), j = cell_of(ys_, y);
    if (i == xs_.size() || j == ys_.size()) return hole;
    double const u = (x - xs_[i]) / (xs_[i + 1] - xs_[i]);
    double const v = (y - ys_[j]) / (ys_[j + 1] - ys_[j]);
    return (1 - v) * ((1 - u) * at(j, i) + u * at(j, i + 1)) +
           v * ((1 - u) * at(j + 1, i) + u * at(j + 1, i + 1));
  }

  /// Calls `draw(corners)` for each cell without a hole, those behind before those that hide them.
  /// Between two cells only one nearer to the eye along both axes can hide the other.
  template <class Draw>
  void from_behind(point3 eye, Draw draw) const {
    auto const columns = farthest_first(xs_, eye.x), rows = farthest_first(ys_, eye.y);
    for (std::size_t const j : rows) {
      for (std::size_t const i : columns) {
        std::array<point3, 4> const corners{corner(j, i), corner(j, i + 1), corner(j + 1, i + 1),
                                            corner(j + 1, i)};
        if (std::all_of(corners.begin(), corners.end(), [](point3 p) { return p.finite(); })) {
          draw(corners);
        }
      }
    }
  }

  /// Lines on the surface for the eye to follow, about 12 along each axis and the borders: places
  /// at the cells' corners and, between two corners, `between` more. NaN where there is a hole.
  std::vector<std::vector<point3>> net(std::size_t between) const {
    std::vector<std::vector<point3>> lines;
    for (bool const along_x : {true, false}) {
      auto const& fixed = along_x ? ys_ : xs_;
      auto const& running = along_x ? xs_ : ys_;
      for (std::size_t const k : net_of(fixed.size() - 1)) {
        auto& line = lines.emplace_back();
        auto const add = [&](double place) {
          double const x = along_x ? place : fixed[k], y = along_x ? fixed[k] : place;
          line.push_back({x, y, (*this)(x, y)});
        };
        for (std::size_t i = 0; i + 1 < running.size(); ++i) {
          double const step = (running[i + 1] - running[i]) / static_cast<double>(between + 1);
          for (std::size_t n = 0; n <= between; ++n) {
            add(running[i] + static_cast<double>(n) * step);
          }
        }
        add(running.back());
      }
    }
    return lines;
  }

  /// Whether the surface stands between a place and the eye. A place on the surface, or
  /// as near to it as `slack`, is seen from either side.
  bool hides(point3 place, point3 eye, double slack) const {
    double const step = 0.02;
    point3 const way = eye - place;
    point3 const ahead = step / std::sqrt(dot(way, way)) * way;
    int side = 0;
    for (point3 at = place + 2 * ahead; inside(at); at = at + ahead) {
      double const above = at.z - (*this)(at.x, at.y);
      int const now = above > slack ? 1 : above < -slack ? -1 : 0;
      if (now * side < 0) return true;
      if (now != 0) side = now;
    }
    return false;
  }

  /// The ends of the pieces of the line at a height, two and two, as places on the floor.
  /// Source: marching squares, where a saddle's middle decides.
  std::vector<point3> contour(double height, double floor) const {
    std::vector<point3> ends;
    for (std::size_t j = 0; j + 1 < ys_.size(); ++j) {
      for (std::size_t i = 0; i + 1 < xs_.size(); ++i) {
        std::array<point3, 4> const p{corner(j, i), corner(j, i + 1), corner(j + 1, i + 1),
                                      corner(j + 1, i)};
        std::vector<point3> crossings;
        double sum = 0;
        for (std::size_t k = 0; k < 4; ++k) {
          point3 const a = p[k], b = p[(k + 1) % 4];
          sum += a.z;
          if ((a.z >= height) == (b.z >= height) || !(a.finite() && b.finite())) continue;
          point3 cut = a + (height - a.z) / (b.z - a.z) * (b - a);
          cut.z = floor;
          crossings.push_back(cut);
        }
        if (!std::isfinite(sum)) continue;
        if (crossings.size() == 4 && (p[0].z >= height) == (sum / 4 >= height)) {
          std::rotate(crossings.begin(), crossings.begin() + 1, crossings.end());
        }
        ends.insert(ends.end(), crossings.begin(), crossings.end());
      }
    }
    return ends;
  }

  /// The part of a flat polygon that lies between two heights.
  static std::vector<point3> between(std::vector<point3> polygon, double low, double high) {
    for (auto const& [limit, sign] : {std::pair{low, 1.0}, {high, -1.0}}) {
      std::vector<point3> kept;
      for (std::size_t k = 0; k < polygon.size(); ++k) {
        point3 const a = polygon[k], b = polygon[(k + 1) % polygon.size()];
        double const at_a = sign * (a.z - limit), at_b = sign * (b.z - limit);
        if (at_a >= 0) kept.push_back(a);
        if ((at_a > 0 && at_b < 0) || (at_a < 0 && at_b > 0)) {
          kept.push_back(a + at_a / (at_a - at_b) * (b - a));
        }
      }
      polygon = std::move(kept);
    }
    return polygon;
  }

 private:
  static constexpr double hole = std::numeric_limits<double>::quiet_NaN();

  static std::vector<std::size_t> picked(std::size_t count) {
    std::size_t const cells = std::min(count - 1, most_cells);
    std::vector<std::size_t> out;
    for (std::size_t k = 0; k <= cells; ++k) out.push_back((k * (count - 1) + cells / 2) / cells);
    return out;
  }

  // The cell of a sorted axis that a place is in; the axis' size if it is outside.
  static std::size_t cell_of(std::vector<double> const& axis, double place) {
    if (!(place >= axis.front() && place <= axis.back())) return axis.size();
    auto const after = std::upper_bound(axis.begin(), axis.end() - 1, place);
    return static_cast<std::size_t>(after - axis.begin()) - 1;
  }

  static std::vector<std::size_t> farthest_first(std::vector<double> const& axis, double from) {
    std::vector<std::size_t> cells(axis.size() - 1);
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = i;
    auto const away = [&](std::size_t i) { return std::abs((axis[i] + axis[i + 1]) / 2 - from); };
    std::sort(cells.begin(), cells.end(), [&](std::size_t a, std::size_t b) {
      return away(a) != away(b) ? away(a) > away(b) : a < b;
    });
    return cells;
  }

  // Evenly spaced, if the number of cells has a divisor that serves.
  static std::vector<std::size_t> net_of(std::size_t cells) {
    std::size_t step = std::max<std::size_t>(1, (cells + 6) / 12);
    for (std::size_t const near : {step, step + 1, step + 2, step - 1}) {
      if (near > 0 && cells % near == 0) {
        step = near;
        break;
      }
    }
    std::vector<std::size_t> lines;
    for (std::size_t k = 0; k < cells; k += step) lines.push_back(k);
    lines.push_back(cells);
    return lines;
  }

  static bool inside(point3 p) {
    return std::abs(p.x) <= 1 && std::abs(p.y) <= 1 && std::abs(p.z) <= box::height;
  }

  double at(std::size_t row, std::size_t column) const {
    return heights_[row * xs_.size() + column];
  }
  point3 corner(std::size_t row, std::size_t column) const {
    return {xs_[column], ys_[row], at(row, column)};
  }

  std::vector<double> xs_, ys_, heights_;
};

}  // namespace typegrad::plot

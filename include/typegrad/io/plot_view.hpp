// SPDX-License-Identifier: BSL-1.0
// Looking at a box from outside: from its coordinates to a picture's.
#pragma once

#include <cmath>
#include <numbers>
#include <typegrad/io/svg.hpp>

namespace typegrad::plot {

/// A place in the box, or a direction.
struct point3 {
  double x = 0, y = 0, z = 0;

  friend point3 operator+(point3 a, point3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend point3 operator-(point3 a, point3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend point3 operator*(double s, point3 a) { return {s * a.x, s * a.y, s * a.z}; }
  friend double dot(point3 a, point3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
  bool finite() const { return std::isfinite(x) && std::isfinite(y) && std::isfinite(z); }
};

/// The box is [-1, 1] x [-1, 1] x [-height, height]; z points up.
struct box {
  static constexpr double height = 0.75;
};

/// A camera that looks at the box's middle. Angles are in degrees and matplotlib's: the azimuth
/// turns about z from the x axis, the elevation rises from the floor.
class view {
 public:
  view(double azimuth, double elevation) {
    constexpr double degree = std::numbers::pi / 180;
    double const a = azimuth * degree, e = elevation * degree;
    distance_ = 7 / std::fmax(std::cos(e), 0.01);
    toward_ = {std::cos(e) * std::cos(a), std::cos(e) * std::sin(a), std::sin(e)};
    right_ = {-std::sin(a), std::cos(a), 0};
    up_ = {-std::sin(e) * std::cos(a), -std::sin(e) * std::sin(a), std::cos(e)};
  }

  /// Where the camera is: far enough for a mild perspective, and the farther the higher it is, lest
  /// what is high hide the axes on the floor.
  point3 eye() const { return distance_ * toward_; }
  /// Whether the viewer is on the side of larger x (y): 1 or -1.
  double side_x() const { return toward_.x >= 0 ? 1 : -1; }
  double side_y() const { return toward_.y >= 0 ? 1 : -1; }

  /// Where a place is in the picture.
  svg::point operator()(point3 place) const {
    double const nearer = distance_ / (distance_ - dot(place, toward_));
    return {middle_.x + zoom_ * nearer * dot(place, right_),
            middle_.y - zoom_ * nearer * dot(place, up_)};
  }

  /// Makes the box fill a rectangle of the picture, as far as its proportions allow.
  void fit(svg::point corner, double width, double height) {
    zoom_ = 1;
    middle_ = {};
    svg::point low{1e9, 1e9}, high{-1e9, -1e9};
    for (int i = 0; i < 8; ++i) {
      svg::point const p =
          (*this)({i & 1 ? 1.0 : -1.0, i & 2 ? 1.0 : -1.0, i & 4 ? box::height : -box::height});
      low = {std::fmin(low.x, p.x), std::fmin(low.y, p.y)};
      high = {std::fmax(high.x, p.x), std::fmax(high.y, p.y)};
    }
    zoom_ = std::fmin(width / (high.x - low.x), height / (high.y - low.y));
    middle_ = {corner.x + width / 2 - zoom_ * (low.x + high.x) / 2,
               corner.y + height / 2 - zoom_ * (low.y + high.y) / 2};
  }

 private:
  point3 toward_, right_, up_;
  svg::point middle_;
  double zoom_ = 1, distance_ = 8;
};

}  // namespace typegrad::plot

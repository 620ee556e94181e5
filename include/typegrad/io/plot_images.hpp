// SPDX-License-Identifier: BSL-1.0
// Rows of images: grey, in colours, or signed; embedded in the SVG file as PNG.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/io/plot.hpp>
#include <typegrad/io/plot_picture.hpp>
#include <typegrad/io/png.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

/// Rows of captioned images, in columns; each pixel is a square of whole pixels where there is
/// room.
///
///     fig.images("").row("original").image(digit, {28, 28}, "7 (99 %)").image(...)
///                   .row("perturbation").signed_image(gradient, {28, 28}).signed_image(...);
class image_panel : public cell {
 public:
  explicit image_panel(std::string title) : title_(std::move(title)) {}

  /// Begins a new row, with a title at its left. Without it all images stand in one row.
  image_panel& row(std::string title = {}) {
    rows_.push_back({std::move(title), {}});
    return *this;
  }

  /// Adds an image to the row: values from 0 to 1 (what is beyond is black or white) or bytes, in
  /// rows of pixels, channels innermost. NaN is pink. std::invalid_argument unless there are as
  /// many as the extents say.
  template <image_values Values>
  image_panel& image(Values const& values, image_extents size, std::string caption = {}) {
    return add(picture::plain(values, size, std::move(caption)));
  }
  /// An array's shape says its extents: height x width, or height x width x channels.
  template <image_array Array>
  image_panel& image(Array const& array, std::string_view caption = {}) {
    return image(array, picture::extents_of(array, caption), std::string(caption));
  }

  /// Adds an image of signed values: blue below zero, white at it, vermilion above. All of a row go
  /// from -limit to limit, beside which stands what colour is what value.
  template <image_values Values>
  image_panel& signed_image(Values const& values, image_extents size, std::string caption = {}) {
    return add(picture::of_signs(values, size, std::move(caption)));
  }
  template <image_array Array>
  image_panel& signed_image(Array const& array, std::string_view caption = {}) {
    return signed_image(array, picture::extents_of(array, caption), std::string(caption));
  }

  /// The limit for the signed images; otherwise each row's largest |value|.
  image_panel& limit(double value) {
    if (!(value > 0 && std::isfinite(value))) {
      throw std::invalid_argument(
          data_detail::message("plot: an image's limit needs to be above 0, got ", value));
    }
    limit_ = value;
    return *this;
  }

  /// How wide an image may become, in pixels; 84 otherwise.
  image_panel& tile(double pixels) {
    if (!(pixels >= 1 && std::isfinite(pixels))) {
      throw std::invalid_argument(
          data_detail::message("plot: a tile needs 1 pixel or more, got ", pixels));
    }
    tile_ = pixels;
    return *this;
  }

  double natural_width() const override {
    grid const g = layout(0);
    return std::max(240.0, g.left + g.across * g.step + g.right + 2 * edge);
  }

  double height(double width, double) const override {
    grid const g = layout(width);
    double total = head();
    for (auto const& one : rows_) total += row_height(one, g);
    return total + 4;
  }

  void draw(svg::canvas& on, svg::point corner, double width, double, double) const override {
    grid const g = layout(width);
    double const spare = width - (g.left + g.across * g.step + g.right);
    double const left = corner.x + std::max(0.0, spare / 2);
    if (!title_.empty()) {
      on.text({left, corner.y + 20}, title_,
              {.size = theme::title_size, .colour = theme::ink, .bold = true});
    }
    double top = corner.y + head();
    for (auto const& one : rows_) {
      double const middle = top + images_height(one, g) / 2;
      if (!one.title.empty()) {
        on.text({left + g.left - 10, middle + 4}, one.title,
                {.size = 12, .colour = theme::soft, .at = svg::anchor::end});
      }
      double const most = limit_of(one);
      for (std::size_t i = 0; i < one.images.size(); ++i) {
        place(on, one.images[i], {left + g.left + static_cast<double>(i) * g.step, top}, g, most);
      }
      if (signs(one)) {
        double const last = left + g.left + static_cast<double>(one.images.size()) * g.step;
        scale_bar(on, {last, top}, images_height(one, g), most);
      }
      top += row_height(one, g);
    }
    if (rows_.empty()) {
      on.text({corner.x + width / 2, top + 16}, "no images",
              {.size = 13, .colour = theme::line, .at = svg::anchor::middle});
    }
  }

 private:
  static constexpr double gap = 10, edge = 16, caption_size = theme::label_size;
  struct row_of {
    std::string title;
    std::vector<picture> images;
  };
  struct grid {
    double left, right, across, step, tile;  // the labels' widths; columns, their pitch, an image
  };

  image_panel& add(picture one) {
    if (rows_.empty()) row();
    rows_.back().images.push_back(std::move(one));
    return *this;
  }

  static bool signs(row_of const& one) {
    return std::any_of(one.images.begin(), one.images.end(),
                       [](picture const& p) { return p.is_signed(); });
  }
  double limit_of(row_of const& one) const {
    double most = limit_;
    for (auto const& p : one.images) {
      if (limit_ == 0 && p.is_signed()) most = std::max(most, p.largest());
    }
    return most;
  }
  static std::string bar_label(double value) {
    return value > 0 ? tick_label(value, round_step(value, 20)) : "0";
  }

  // In a width, or where it is 0 as wide as it likes.
  grid layout(double width) const {
    grid g{0, 0, 1, 0, tile_};
    double caption = 0;
    for (auto const& one : rows_) {
      g.left = std::max(g.left, one.title.empty() ? 0 : svg::text_width(one.title, 12) + 14);
      g.across = std::max(g.across, static_cast<double>(one.images.size()));
      if (signs(one)) {
        double const most = limit_of(one);
        g.right = std::max(g.right, 20 + svg::text_width(bar_label(most), 10) + 8);
      }
      for (auto const& p : one.images) {
        caption = std::max(caption, svg::text_width(p.caption(), caption_size));
      }
    }
    double const room = width > 0 ? (width - g.left - g.right) / g.across : 1e9;
    g.tile = std::clamp(room - gap, 1.0, tile_);
    g.step = std::min(std::max(room, g.tile + 2), std::max(g.tile, caption) + gap);
    return g;
  }

  // Whole pixels for each of the image's, if there is a pixel for each.
  static svg::point extent(picture const& one, grid const& g) {
    auto const high = static_cast<double>(one.size().height);
    auto const wide = static_cast<double>(one.size().width);
    double const most = g.tile / std::max(high, wide);
    double const pixel = most >= 1 ? std::floor(most) : most;
    return {wide * pixel, high * pixel};
  }
  static double images_height(row_of const& one, grid const& g) {
    double high = 0;
    for (auto const& p : one.images) high = std::max(high, extent(p, g).y);
    return high;
  }
  static double row_height(row_of const& one, grid const& g) {
    bool const captions = std::any_of(one.images.begin(), one.images.end(),
                                      [](picture const& p) { return !p.caption().empty(); });
    return images_height(one, g) + (captions ? 17 : 0) + gap;
  }
  double head() const { return title_.empty() ? 8 : 34; }

  static void place(svg::canvas& on, picture const& one, svg::point corner, grid const& g,
                    double most) {
    svg::point const size = extent(one, g);
    double const middle = corner.x + (g.step - gap) / 2;
    svg::point const at{std::round(middle - size.x / 2), std::round(corner.y)};
    std::string const pixels = one.pixels(most);
    auto const high = one.size().height, wide = one.size().width;
    on.picture(at, size.x, size.y, png(pixels, high, wide, pixels.size() / (high * wide)), true);
    on.frame({at.x - 0.5, at.y - 0.5}, size.x + 1, size.y + 1, {.colour = "#d1d5db"});
    if (!one.caption().empty()) {
      on.text({middle, at.y + size.y + 14}, one.caption(),
              {.size = caption_size, .colour = theme::ink, .at = svg::anchor::middle});
    }
  }

  static void scale_bar(svg::canvas& on, svg::point corner, double height, double most) {
    std::vector<std::string> colours;
    for (int i = 16; i >= 0; --i) colours.push_back(hex(diverging(i / 16.0)));
    on.fade(corner, 8, height, colours);
    std::string const label = bar_label(most);
    svg::text_style const style{.size = 10, .colour = theme::soft};
    on.text({corner.x + 12, corner.y + 8}, "+" + label, style);
    on.text({corner.x + 12, corner.y + height / 2 + 3.5}, "0", style);
    on.text({corner.x + 12, corner.y + height}, "\xe2\x88\x92" + label, style);
  }

  std::string title_;
  std::vector<row_of> rows_;
  double tile_ = 84, limit_ = 0;
};

template <int>
image_panel& figure::images(std::string panel_title) {
  return add(std::make_unique<image_panel>(std::move(panel_title)));
}

}  // namespace typegrad::plot

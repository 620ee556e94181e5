// SPDX-License-Identifier: BSL-1.0
// Handwriting-like digits made in code, for machines without MNIST and without a network.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <typegrad/data/dataset.hpp>
#include <typegrad/data/datasets/digit_glyphs.hpp>
#include <typegrad/data/random.hpp>
#include <vector>

namespace typegrad {

namespace data_detail {

/// Writes one digit into an image of 28 x 28: a glyph with moved points, under a random affine map,
/// with a pen of random width and pressure, then blurred and with noise.
class digit_writer {
 public:
  static constexpr std::size_t side = 28;

  explicit digit_writer(data_random random) : random_(random) {}

  void write(std::size_t digit, float* image) {
    ink_.fill(0.0f);
    choose_map();
    auto const& shape = digit_glyphs[digit][static_cast<std::size_t>(random_.below(2))];
    width_ = random_.uniform(0.8f, 1.65f);
    float const wobble = random_.uniform(0.01f, 0.04f);
    for (std::size_t s = 0; s < shape.count; ++s) {
      glyph_stroke moved = shape.strokes[s];
      for (std::size_t i = 0; i < moved.count; ++i) {
        moved.points[i].x += wobble * random_.bell();
        moved.points[i].y += wobble * random_.bell();
      }
      draw(moved);
    }
    if (random_.below(12) == 0) draw_slip();
    finish(image);
  }

 private:
  void choose_map() {
    float const angle = 0.10f * random_.bell();
    float const slant = 0.13f * random_.bell();
    float const tall = random_.uniform(18.0f, 21.5f);
    float const wide = tall * random_.uniform(0.85f, 1.1f);
    float const c = std::cos(angle), s = std::sin(angle);
    xx_ = c * wide;
    xy_ = (-s - slant * c) * tall;
    yx_ = s * wide;
    yy_ = (c - slant * s) * tall;
    middle_ = {13.5f + 0.7f * random_.bell(), 13.5f + 0.7f * random_.bell()};
  }

  glyph_point map(glyph_point p) const {
    float const x = p.x - 0.5f, y = p.y - 0.5f;
    return {middle_.x + xx_ * x + xy_ * y, middle_.y + yx_ * x + yy_ * y};
  }

  // A Catmull-Rom curve through the stroke's points, as short straight pieces.
  void draw(glyph_stroke const& stroke) {
    constexpr int pieces = 4;
    auto const at = [&](std::size_t i) { return map(stroke.points[i]); };
    for (std::size_t i = 0; i + 1 < stroke.count; ++i) {
      glyph_point const p1 = at(i), p2 = at(i + 1);
      glyph_point const p0 = i > 0 ? at(i - 1) : p1;
      glyph_point const p3 = i + 2 < stroke.count ? at(i + 2) : p2;
      glyph_point last = p1;
      for (int k = 1; k <= pieces; ++k) {
        float const t = static_cast<float>(k) / pieces;
        auto const curve = [t](float a, float b, float c, float d) {
          return 0.5f * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t +
                         (3 * b - a - 3 * c + d) * t * t * t);
        };
        glyph_point const next{curve(p0.x, p1.x, p2.x, p3.x), curve(p0.y, p1.y, p2.y, p3.y)};
        line(last, next);
        last = next;
      }
    }
  }

  // A short stroke that does not belong to the digit.
  void draw_slip() {
    float const x = random_.uniform(0, 1), y = random_.uniform(0, 1);
    glyph_point const from = map({x, y});
    line(from, map({x + random_.uniform(-0.3f, 0.3f), y + random_.uniform(-0.3f, 0.3f)}));
  }

  // Inks the pixels within the pen's width of a straight piece, with a soft edge of one pixel.
  void line(glyph_point a, glyph_point b) {
    float const reach = width_ + 0.5f;
    auto const pixel = [](float v) {
      return static_cast<std::size_t>(std::clamp(v, 0.0f, static_cast<float>(side - 1)));
    };
    float const dx = b.x - a.x, dy = b.y - a.y;
    float const length = std::max(dx * dx + dy * dy, 1e-6f);
    for (std::size_t y = pixel(std::min(a.y, b.y) - reach); y <= pixel(std::max(a.y, b.y) + reach);
         ++y) {
      for (std::size_t x = pixel(std::min(a.x, b.x) - reach);
           x <= pixel(std::max(a.x, b.x) + reach); ++x) {
        float const px = static_cast<float>(x) - a.x, py = static_cast<float>(y) - a.y;
        float const t = std::clamp((px * dx + py * dy) / length, 0.0f, 1.0f);
        float const ex = px - t * dx, ey = py - t * dy;
        float const ink = std::clamp(reach - std::sqrt(ex * ex + ey * ey), 0.0f, 1.0f);
        float& there = ink_[y * side + x];
        there = std::max(there, ink);
      }
    }
  }

  void finish(float* image) {
    float const blur = random_.uniform(0.0f, 0.16f), pressure = random_.uniform(0.7f, 1.0f);
    float const noise = random_.uniform(0.0f, 0.08f);
    for (std::size_t y = 0; y < side; ++y) {
      for (std::size_t x = 0; x < side; ++x) {
        auto const ink = [&](std::size_t i, std::size_t j) {
          return i < side && j < side ? ink_[i * side + j] : 0.0f;
        };
        float const around = ink(y - 1, x) + ink(y + 1, x) + ink(y, x - 1) + ink(y, x + 1);
        float const soft = (1 - 4 * blur) * ink(y, x) + blur * around;
        float const value = pressure * soft + noise * random_.bell();
        // In steps of 1/255, as a scanner gives them.
        image[y * side + x] = std::floor(std::clamp(value, 0.0f, 1.0f) * 255.0f + 0.5f) / 255.0f;
      }
    }
  }

  data_random random_;
  std::array<float, side * side> ink_{};
  float xx_ = 0, xy_ = 0, yx_ = 0, yy_ = 0, width_ = 1;
  glyph_point middle_{};
};

template <int = 0>
dataset<xt::xtensor<float, 3>, xt::xtensor<std::int32_t, 1>> write_digits(std::size_t count,
                                                                          std::uint64_t seed,
                                                                          std::uint64_t part) {
  std::size_t const side = digit_writer::side;
  dataset<xt::xtensor<float, 3>, xt::xtensor<std::int32_t, 1>> data;
  data.x.resize(std::array<std::size_t, 3>{count, side, side});
  data.y.resize(std::array<std::size_t, 1>{count});
  data_random labels(seed, 2 * part);
  for (std::size_t i = 0; i < count; ++i) {
    auto const digit = static_cast<std::size_t>(labels.below(10));
    // A stream of its own for each image: the first images are the same for any count.
    digit_writer(data_random(seed, 2 * (2 * i + part) + 1))
        .write(digit, data.x.data() + i * side * side);
    data.y.data()[i] = static_cast<std::int32_t>(digit);
  }
  return data;
}

}  // namespace data_detail

namespace datasets {

/// Digits in MNIST's form (n x 28 x 28 in [0, 1], labels 0 to 9) made from pen strokes in code; the
/// same for the same seed. Harder than they look: strokes wobble, slant, slip and carry noise.
template <int = 0>
split_dataset<xt::xtensor<float, 3>, xt::xtensor<std::int32_t, 1>> synthetic_digits(
    std::size_t train = 10000, std::size_t test = 2000, std::uint64_t seed = 1) {
  return {data_detail::write_digits(train, seed, 0), data_detail::write_digits(test, seed, 1),
          "synthetic digits made in code"};
}

}  // namespace datasets
}  // namespace typegrad

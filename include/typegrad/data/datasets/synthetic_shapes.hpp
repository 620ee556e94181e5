// SPDX-License-Identifier: BSL-1.0
// Colour images of shapes made in code, for machines without CIFAR-10 and without a network.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <typegrad/data/datasets/cifar_records.hpp>
#include <typegrad/data/random.hpp>

namespace typegrad {

namespace data_detail {

/// Paints one shape of any colour, size and slant near the middle, before a background of another
/// colour that changes across the image; then noise, and in half of the images a square that hides
/// something. Mirrored from left to right a shape stays in its class.
class shape_painter {
 public:
  static constexpr std::size_t side = 32;

  explicit shape_painter(data_random random) : random_(random) {}

  void paint(std::size_t shape, float* image) {
    for (float& channel : front_) channel = random_.uniform(0, 1);
    for (std::size_t c = 0; c < 3; ++c) {
      // far enough from the shape's colour in at least this channel
      float const away = random_.uniform(0.2f, 0.6f);
      back_[c] = front_[c] < 0.5f ? front_[c] + away : front_[c] - away;
      for (float& slope : slope_[c]) slope = random_.uniform(-0.25f, 0.25f);
    }
    float const size = random_.uniform(7, 13), angle = 0.2f * random_.bell();
    float const x0 = 15.5f + 1.7f * random_.bell(), y0 = 15.5f + 1.7f * random_.bell();
    float const cosine = std::cos(angle) / size, sine = std::sin(angle) / size;
    float const noise = random_.uniform(0.02f, 0.12f);
    for (std::size_t y = 0; y < side; ++y) {
      for (std::size_t x = 0; x < side; ++x) {
        float const dx = static_cast<float>(x) - x0, dy = static_cast<float>(y) - y0;
        float const u = cosine * dx + sine * dy, v = cosine * dy - sine * dx;
        float const cover = std::clamp(0.5f - size * distance(shape, u, v), 0.0f, 1.0f);
        for (std::size_t c = 0; c < 3; ++c) {
          float const across = slope_[c][0] * dx / side + slope_[c][1] * dy / side;
          float const value = cover * front_[c] + (1 - cover) * (back_[c] + across);
          image[(y * side + x) * 3 + c] = value + noise * random_.bell();
        }
      }
    }
    if (random_.below(2) == 0) blot(image);
    // In steps of 1/255, as files have them.
    for (std::size_t i = 0; i < side * side * 3; ++i)
      image[i] = std::floor(std::clamp(image[i], 0.0f, 1.0f) * 255.0f + 0.5f) / 255.0f;
  }

 private:
  // How far (u, v) is outside the shape, about; negative inside. The shape lies in [-1, 1]^2.
  static float distance(std::size_t shape, float u, float v) {
    float const au = std::abs(u), av = std::abs(v), radius = std::sqrt(u * u + v * v);
    float const square = std::max(au, av) - 0.8f;
    auto const stripes = [](float t) { return std::abs(t - std::round(t)) - 0.25f; };
    switch (shape) {
      case 0:
        return radius - 0.9f;  // disc
      case 1:
        return std::abs(radius - 0.7f) - 0.2f;  // ring
      case 2:
        return square;  // square
      case 3:
        return std::abs(square + 0.15f) - 0.15f;  // frame
      case 4:
        return std::max(0.9f * au + 0.45f * v - 0.4f, -v - 0.8f);  // triangle
      case 5:
        return std::max(std::min(au, av) - 0.25f, std::max(au, av) - 0.9f);  // plus
      case 6:
        return std::max(std::abs(au - av) - 0.35f, square);  // cross
      case 7:
        return std::max(stripes(1.6f * v) / 1.6f, square);  // lying stripes
      case 8:
        return std::max(stripes(1.6f * u) / 1.6f, square);  // upright stripes
      default:
        return au + av - 0.95f;  // diamond
    }
  }

  // A square of one colour that does not belong to the shape.
  void blot(float* image) {
    auto const begin_x = static_cast<std::size_t>(random_.below(side - 8));
    auto const begin_y = static_cast<std::size_t>(random_.below(side - 8));
    std::array<float, 3> const color{random_.uniform(0, 1), random_.uniform(0, 1),
                                     random_.uniform(0, 1)};
    for (std::size_t y = begin_y; y < begin_y + 8; ++y)
      for (std::size_t x = begin_x; x < begin_x + 8; ++x)
        std::copy(color.begin(), color.end(), image + (y * side + x) * 3);
  }

  data_random random_;
  std::array<float, 3> front_{}, back_{};
  std::array<std::array<float, 2>, 3> slope_{};
};

template <int = 0>
dataset<xt::xtensor<float, 4>, xt::xtensor<std::int32_t, 1>> paint_shapes(std::size_t count,
                                                                          std::uint64_t seed,
                                                                          std::uint64_t part) {
  std::size_t const side = shape_painter::side;
  dataset<xt::xtensor<float, 4>, xt::xtensor<std::int32_t, 1>> data;
  data.x.resize(std::array<std::size_t, 4>{count, side, side, 3});
  data.y.resize(std::array<std::size_t, 1>{count});
  data_random labels(seed, 2 * part);
  for (std::size_t i = 0; i < count; ++i) {
    auto const shape = static_cast<std::size_t>(labels.below(10));
    // A stream of its own for each image: the first images are the same for any count.
    shape_painter(data_random(seed, 2 * (2 * i + part) + 1))
        .paint(shape, data.x.data() + i * side * side * 3);
    data.y.data()[i] = static_cast<std::int32_t>(shape);
  }
  return data;
}

}  // namespace data_detail

namespace datasets {

/// Images in CIFAR-10's form (n x 32 x 32 x 3 in [0, 1], labels 0 to 9) of ten simple shapes made
/// in code; the same for the same seed.
template <int = 0>
color_image_dataset synthetic_shapes(std::size_t train = 10000, std::size_t test = 2000,
                                     std::uint64_t seed = 1) {
  return {data_detail::paint_shapes(train, seed, 0), data_detail::paint_shapes(test, seed, 1),
          "synthetic shapes made in code"};
}

}  // namespace datasets
}  // namespace typegrad

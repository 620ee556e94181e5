// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <typegrad/data/augmentation/fill_mode.hpp>
#include <typegrad/data/augmentation/sample.hpp>
#include <typegrad/data/message.hpp>

namespace typegrad {

/// Moves an image by random parts of its height and width: uniform in [-factor, factor], so by
/// fractions of pixels too, with bilinear interpolation. Source: Keras RandomTranslation, whose
/// defaults these are.
struct random_translation {
  float height_factor = 0;
  float width_factor = 0;
  fill_mode fill = fill_mode::reflect;
  float fill_value = 0;  ///< of fill_mode::constant

  void check(extents const& sample) const {
    data_detail::as_image("random_translation", sample);
    if (!(height_factor >= 0 && height_factor <= 1 && width_factor >= 0 && width_factor <= 1))
      throw std::invalid_argument(data_detail::message(
          "random_translation: factors are parts of the image's height and width from 0 to 1, got ",
          static_cast<double>(height_factor), " and ", static_cast<double>(width_factor)));
  }

  void operator()(augmented_sample const& s, sample_random& random) const {
    auto const [height, width, channels] = data_detail::as_image("random_translation", s.shape);
    float const down = random.uniform(-height_factor, height_factor) * static_cast<float>(height);
    float const right = random.uniform(-width_factor, width_factor) * static_cast<float>(width);
    move(s, down, right);
  }

  /// What was at (y, x) is then at (y + down, x + right), in pixels.
  void move(augmented_sample const& s, float down, float right) const {
    auto const [height, width, channels] = data_detail::as_image("random_translation", s.shape);
    step const vertical = split(-down), horizontal = split(-right);
    std::copy(s.values.begin(), s.values.end(), s.spare.begin());
    float const* const image = s.spare.data();
    float* out = s.values.data();
    std::int64_t const row = width * channels;
    for (std::int64_t y = 0; y < height; ++y) {
      std::int64_t const top = data_detail::filled_index(fill, y + vertical.whole, height);
      std::int64_t const bottom = data_detail::filled_index(fill, y + vertical.whole + 1, height);
      for (std::int64_t x = 0; x < width; ++x) {
        std::int64_t const l = data_detail::filled_index(fill, x + horizontal.whole, width);
        std::int64_t const r = data_detail::filled_index(fill, x + horizontal.whole + 1, width);
        float const* const corners[] = {
            pixel(image, top * row, l * channels), pixel(image, top * row, r * channels),
            pixel(image, bottom * row, l * channels), pixel(image, bottom * row, r * channels)};
        for (std::int64_t c = 0; c < channels; ++c) {
          float v[4];
          for (int i = 0; i < 4; ++i) v[i] = corners[i] == nullptr ? fill_value : corners[i][c];
          *out++ = mix(mix(v[0], v[1], horizontal.part), mix(v[2], v[3], horizontal.part),
                       vertical.part);
        }
      }
    }
  }

 private:
  // A distance as a whole number of pixels and what is left, in [0, 1).
  struct step {
    std::int64_t whole;
    float part;
  };
  static step split(float distance) {
    float const whole = std::floor(distance);
    return {static_cast<std::int64_t>(whole), distance - whole};
  }
  static float const* pixel(float const* image, std::int64_t row, std::int64_t column) {
    return row < 0 || column < 0 ? nullptr : image + row + column;
  }
  static float mix(float a, float b, float part) { return part == 0 ? a : a + part * (b - a); }
};

}  // namespace typegrad

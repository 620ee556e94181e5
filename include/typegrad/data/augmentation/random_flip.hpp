// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <typegrad/data/augmentation/sample.hpp>

namespace typegrad {

enum class flip { horizontal, vertical, horizontal_and_vertical };

/// Mirrors an image with probability 1/2: from left to right, upside down, or (Keras's default)
/// each of these on its own. Source: Keras RandomFlip.
struct random_flip {
  flip mode = flip::horizontal_and_vertical;

  void check(extents const& sample) const { data_detail::as_image("random_flip", sample); }

  void operator()(augmented_sample const& s, sample_random& random) const {
    bool const across = mode != flip::vertical && random.below(2) == 1;
    bool const upside_down = mode != flip::horizontal && random.below(2) == 1;
    auto const [height, width, channels] = data_detail::as_image("random_flip", s.shape);
    float* const image = s.values.data();
    std::int64_t const row = width * channels;
    if (across) {
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t left = 0, right = width - 1; left < right; ++left, --right) {
          float* const a = image + y * row + left * channels;
          std::swap_ranges(a, a + channels, image + y * row + right * channels);
        }
      }
    }
    if (!upside_down) return;
    for (std::int64_t top = 0, bottom = height - 1; top < bottom; ++top, --bottom)
      std::swap_ranges(image + top * row, image + (top + 1) * row, image + bottom * row);
  }
};

}  // namespace typegrad

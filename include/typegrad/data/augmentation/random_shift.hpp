// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <typegrad/data/augmentation/fill_mode.hpp>
#include <typegrad/data/augmentation/sample.hpp>
#include <typegrad/data/message.hpp>

namespace typegrad {

/// Moves an image by a whole number of pixels, from -pixels to pixels in each direction, all
/// equally likely. With the defaults that is a crop from the image padded with zeros, the usual
/// augmentation of CIFAR-10 (PyTorch's RandomCrop with padding). Source: He et al., "Deep residual
/// learning for image recognition", section 4.2.
struct random_shift {
  int pixels = 4;
  fill_mode fill = fill_mode::constant;
  float fill_value = 0;  ///< of fill_mode::constant

  void check(extents const& sample) const {
    auto const [height, width, channels] = data_detail::as_image("random_shift", sample);
    if (pixels < 0)
      throw std::invalid_argument(
          data_detail::message("random_shift: pixels must not be negative, got ", pixels));
    if (pixels >= height || pixels >= width)
      throw std::invalid_argument(data_detail::message(
          "random_shift: pixels must be less than the image's height and width, got ", pixels,
          " for images of ", height, 'x', width));
  }

  void operator()(augmented_sample const& s, sample_random& random) const {
    auto const bound = static_cast<std::uint64_t>(2 * std::int64_t{pixels} + 1);
    std::int64_t const down = static_cast<std::int64_t>(random.below(bound)) - pixels;
    std::int64_t const right = static_cast<std::int64_t>(random.below(bound)) - pixels;
    if (down != 0 || right != 0) move(s, down, right);
  }

  /// What was at (y, x) is then at (y + down, x + right).
  void move(augmented_sample const& s, std::int64_t down, std::int64_t right) const {
    auto const [height, width, channels] = data_detail::as_image("random_shift", s.shape);
    std::int64_t const row = width * channels;
    std::copy(s.values.begin(), s.values.end(), s.spare.begin());
    std::int64_t const first = std::clamp<std::int64_t>(right, 0, width);
    std::int64_t const last = std::clamp<std::int64_t>(width + right, first, width);
    for (std::int64_t y = 0; y < height; ++y) {
      std::int64_t const from = data_detail::filled_index(fill, y - down, height);
      float* const out = s.values.data() + y * row;
      if (from < 0) {
        std::fill_n(out, row, fill_value);
        continue;
      }
      float const* const in = s.spare.data() + from * row;
      if (first < last)
        std::copy_n(in + (first - right) * channels, (last - first) * channels,
                    out + first * channels);
      for (std::int64_t x = 0; x < width; ++x) {
        if (x == first) x = last;
        if (x == width) break;
        std::int64_t const column = data_detail::filled_index(fill, x - right, width);
        if (column < 0)
          std::fill_n(out + x * channels, channels, fill_value);
        else
          std::copy_n(in + column * channels, channels, out + x * channels);
      }
    }
  }
};

}  // namespace typegrad

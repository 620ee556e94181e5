// SPDX-License-Identifier: BSL-1.0
// Many images side by side as one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>

namespace typegrad {

/// How images stand in a grid.
struct grid_options {
  std::size_t columns = 8;
  std::size_t gap = 2;      ///< pixels between images, and around them
  float background = 1.0f;  ///< the gap's value
};

/// Images [count, height, width, channels] in rows of `columns`, as one [grid height, grid width,
/// channels]. std::invalid_argument if there are no images or no columns.
template <int = 0>
xt::xtensor<float, 3> image_grid(xt::xtensor<float, 4> const& images,
                                 grid_options const& options = {}) {
  std::size_t const count = images.shape(0), height = images.shape(1), width = images.shape(2),
                    channels = images.shape(3);
  if (images.size() == 0 || options.columns == 0) {
    throw std::invalid_argument(data_detail::message(
        "image_grid: needs images and columns, got images of extents ",
        data_detail::dims_text(images.shape()), " and ", options.columns, " columns"));
  }
  std::size_t const columns = std::min(options.columns, count);
  std::size_t const rows = (count + columns - 1) / columns;
  std::size_t const down = height + options.gap, across = width + options.gap;
  std::array<std::size_t, 3> const extents{rows * down + options.gap,
                                           columns * across + options.gap, channels};
  xt::xtensor<float, 3> out(extents, options.background);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t const top = options.gap + i / columns * down;
    std::size_t const left = options.gap + i % columns * across;
    for (std::size_t row = 0; row < height; ++row) {
      std::copy_n(images.data() + (i * height + row) * width * channels, width * channels,
                  out.data() + ((top + row) * extents[1] + left) * channels);
    }
  }
  return out;
}

/// The same of grey images [count, height, width].
template <int = 0>
xt::xtensor<float, 3> image_grid(xt::xtensor<float, 3> const& images,
                                 grid_options const& options = {}) {
  xt::xtensor<float, 4> with_channels(
      std::array<std::size_t, 4>{images.shape(0), images.shape(1), images.shape(2), 1});
  std::copy_n(images.data(), images.size(), with_channels.data());
  return image_grid(with_channels, options);
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
// An array as a PNG file.
#pragma once

#include <filesystem>
#include <string>
#include <typegrad/io/atomic_file.hpp>
#include <typegrad/io/plot_picture.hpp>
#include <typegrad/io/png.hpp>

namespace typegrad {

/// Writes an image, height x width or height x width x channels (1 or 3), of values from 0 to 1
/// (what is beyond is black or white) or of bytes. NaN is pink. std::invalid_argument for other
/// extents or an extension that is not .png, std::runtime_error if the file cannot be written.
template <plot::image_array Array>
void save_png(std::filesystem::path const& path, Array const& image) {
  require_extension("save_png", path, ".png");
  auto const size = plot::picture::extents_of(image, path.string());
  std::string const pixels = plot::picture::plain(image, size, path.string()).pixels(1);
  atomic_file file(path);
  file.write(png(pixels, size.height, size.width, pixels.size() / (size.height * size.width)));
  file.commit();
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
// One image of a plot: from an array's numbers to pixels.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/io/colour_map.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

/// An image's rows, columns and channels: 1 for grey, 3 for red, green and blue.
struct image_extents {
  std::size_t height = 0, width = 0, channels = 1;
};

/// Numbers in the order of the pixels, row by row, channels innermost.
template <class T>
concept image_values = requires(T const& values) {
  std::begin(values);
  std::end(values);
  requires std::floating_point<std::iter_value_t<decltype(std::begin(values))>> ||
               std::same_as<std::iter_value_t<decltype(std::begin(values))>, std::uint8_t>;
};

/// The same as an array that knows its shape: height x width, or height x width x channels.
template <class T>
concept image_array = image_values<T> && requires(T const& array) {
  { *std::begin(array.shape()) } -> std::convertible_to<std::size_t>;
};

/// An image with its caption. What is NaN is pink, which neither greys nor `diverging` have.
class picture {
 public:
  static constexpr rgb hole{0xff, 0x5c, 0xd6};

  /// Of values from 0 to 1, or of bytes. std::invalid_argument unless there are height x width x
  /// channels of them.
  template <image_values Values>
  static picture plain(Values const& values, image_extents size, std::string caption) {
    return picture(values, size, std::move(caption), false);
  }

  /// Of values on both sides of zero, of one channel.
  template <image_values Values>
  static picture of_signs(Values const& values, image_extents size, std::string caption) {
    if (size.channels != 1) {
      throw std::invalid_argument(
          data_detail::message("plot: image ", data_detail::in_quotes(caption),
                               ": signed values need 1 channel, got ", size.channels));
    }
    return picture(values, size, std::move(caption), true);
  }

  /// The extents that an array's shape says.
  template <image_array Array>
  static image_extents extents_of(Array const& array, std::string_view caption) {
    std::vector<std::size_t> dims;
    for (auto const dim : array.shape()) dims.push_back(static_cast<std::size_t>(dim));
    if (dims.size() != 2 && dims.size() != 3) {
      throw std::invalid_argument(data_detail::message(
          "plot: image ", data_detail::in_quotes(caption),
          " needs an array of height x width or height x width x channels, got extents ",
          data_detail::dims_text(dims)));
    }
    return {dims[0], dims[1], dims.size() == 3 ? dims[2] : 1};
  }

  std::string const& caption() const { return caption_; }
  image_extents size() const { return size_; }
  bool is_signed() const { return signed_; }
  /// The largest |value| that is finite.
  double largest() const {
    double most = 0;
    for (float const value : values_) {
      if (std::isfinite(value)) most = std::max(most, std::abs(static_cast<double>(value)));
    }
    return most;
  }

  /// The pixels' bytes: of 1 channel if the image is grey and has no NaN, else of 3. Signed values
  /// are spread over `diverging` from -limit to limit.
  std::string pixels(double limit) const {
    bool const holes =
        std::any_of(values_.begin(), values_.end(), [](float v) { return std::isnan(v); });
    std::string out;
    auto const add = [&](rgb colour) {
      for (auto const part : {colour.red, colour.green, colour.blue}) {
        out += static_cast<char>(part);
      }
    };
    auto const byte = [](float value) {
      return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0f, 1.0f) * 255));
    };
    if (signed_) {
      for (float const value : values_) {
        double const part = limit > 0 ? static_cast<double>(value) / limit : 0;
        add(std::isnan(value) ? hole : diverging(0.5 + 0.5 * part));
      }
    } else if (!holes) {
      for (float const value : values_) out += static_cast<char>(byte(value));
    } else {
      std::size_t const step = size_.channels;
      for (std::size_t i = 0; i < values_.size(); i += step) {
        float const *const from = values_.data() + i, *const to = from + step;
        bool const known = std::none_of(from, to, [](float v) { return std::isnan(v); });
        add(known ? rgb{byte(from[0]), byte(from[step / 2]), byte(from[step - 1])} : hole);
      }
    }
    return out;
  }

 private:
  template <class Values>
  picture(Values const& values, image_extents size, std::string caption, bool with_sign)
      : caption_(std::move(caption)), size_(size), signed_(with_sign) {
    using data_detail::message;
    if (size.channels != 1 && size.channels != 3) {
      throw std::invalid_argument(message("plot: image ", data_detail::in_quotes(caption_),
                                          " needs 1 (grey) or 3 (RGB) channels, got ",
                                          size.channels));
    }
    for (auto const value : values) {
      if constexpr (std::same_as<decltype(value), std::uint8_t const>) {
        values_.push_back(static_cast<float>(value) / 255);
      } else {
        values_.push_back(static_cast<float>(value));
      }
    }
    std::size_t const needed = size.height * size.width * size.channels;
    if (needed == 0 || values_.size() != needed) {
      throw std::invalid_argument(message("plot: image ", data_detail::in_quotes(caption_), " of ",
                                          size.height, "x", size.width, "x", size.channels,
                                          " needs ", std::max<std::size_t>(needed, 1),
                                          " values, got ", values_.size()));
    }
  }

  std::string caption_;
  image_extents size_;
  std::vector<float> values_;
  bool signed_;
};

}  // namespace typegrad::plot

// SPDX-License-Identifier: BSL-1.0
// Colour maps: the way from numbers to colours.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace typegrad::plot {

struct rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend bool operator==(rgb const&, rgb const&) = default;
};

/// "#440154", as SVG has it.
template <int = 0>
std::string hex(rgb colour) {
  constexpr char const* digits = "0123456789abcdef";
  std::string out = "#";
  for (unsigned const part : {colour.red, colour.green, colour.blue}) {
    out += digits[part / 16];
    out += digits[part % 16];
  }
  return out;
}

/// Colours in even steps, 0xrrggbb, and what lies between them.
class colour_map {
 public:
  constexpr explicit colour_map(std::span<std::uint32_t const> colours) : colours_(colours) {}

  /// The colour at `where`, 0 for the first and 1 for the last; beyond them, those. Not for NaN.
  rgb operator()(double where) const {
    double const place = std::clamp(where, 0.0, 1.0) * static_cast<double>(colours_.size() - 1);
    auto const below = std::min(static_cast<std::size_t>(place), colours_.size() - 2);
    double const part = place - static_cast<double>(below);
    auto const between = [&](unsigned shift) {
      double const from = colours_[below] >> shift & 0xffU;
      double const to = colours_[below + 1] >> shift & 0xffU;
      return static_cast<std::uint8_t>(std::lround(from + (to - from) * part));
    };
    return {between(16), between(8), between(0)};
  }

 private:
  std::span<std::uint32_t const> colours_;
};

namespace colour_detail {

// Every eighth of matplotlib's 256, which what lies between differs from by 2 of 255 at most.
// Source: viridis by Nathaniel J. Smith, Stéfan van der Walt and Eric Firing,
// https://bids.github.io/colormap, given to the public domain (CC0).
inline constexpr std::array<std::uint32_t, 33> viridis{
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b,
    0x375a8d, 0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b,
    0x1f9f88, 0x21a685, 0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c,
    0x96d83f, 0xabdc32, 0xc0df24, 0xd5e21a, 0xeae51a, 0xfde725};

// Okabe and Ito's blue and vermilion, made lighter and darker in Oklab: lightness falls evenly from
// the middle to both ends.
inline constexpr std::array<std::uint32_t, 17> blue_to_vermilion{
    0x062f4f, 0x064671, 0x045e95, 0x1a78b6, 0x4f92c6, 0x78abd5, 0xa1c5e3, 0xcadeef, 0xf7f7f7,
    0xf9d4c2, 0xf2b393, 0xe89164, 0xdc6f30, 0xc25500, 0xa04300, 0x7f3300, 0x5f2300};

}  // namespace colour_detail

/// From dark violet through green to yellow: equal steps of the value look like equal steps of the
/// colour, in grey too, and to people with colour vision deficiencies.
inline constexpr colour_map viridis{colour_detail::viridis};

/// For signed values: blue below the middle, near white in the middle, vermilion above.
inline constexpr colour_map diverging{colour_detail::blue_to_vermilion};

}  // namespace typegrad::plot

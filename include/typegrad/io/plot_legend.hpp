// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <typegrad/io/svg.hpp>

namespace typegrad::plot {

/// Rows of samples with their names, from `at` to the right; nameless entries are left out. Returns
/// the rows' height. Draws only with a canvas: `draw_key(i, at, width)` the i-th entry's sample,
/// from the middle of its left edge.
template <class DrawKey>
double legend(svg::canvas* on, svg::point at, double width, std::span<std::string_view const> names,
              DrawKey draw_key) {
  double const row = 19, key = 24, gap = 18;
  double x = 0, y = 0;
  bool any = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    double const need = key + 6 + svg::text_width(names[i], 12);
    if (any && x + need > width) {
      x = 0;
      y += row;
    }
    if (on != nullptr) {
      draw_key(i, svg::point{at.x + x, at.y + y + row / 2}, key);
      on->text({at.x + x + key + 6, at.y + y + row / 2 + 4}, names[i], {.size = 12});
    }
    x += need + gap;
    any = true;
  }
  return any ? y + row : 0;
}

}  // namespace typegrad::plot

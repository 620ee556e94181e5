// SPDX-License-Identifier: BSL-1.0
// How the digits 0 to 9 are written: pen strokes in a box of 1 x 1, y pointing down.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace typegrad::data_detail {

struct glyph_point {
  float x, y;
};

/// A curve through its points.
struct glyph_stroke {
  std::array<glyph_point, 12> points;
  std::size_t count;
};

/// One way to write a digit.
struct glyph {
  std::array<glyph_stroke, 4> strokes;
  std::size_t count;
};

template <class... Points>
constexpr glyph_stroke stroke(Points... points) {
  return {{points...}, sizeof...(points)};
}

template <class... Strokes>
constexpr glyph written(Strokes... strokes) {
  return {{strokes...}, sizeof...(strokes)};
}

/// Two ways to write each digit.
inline constexpr std::array<std::array<glyph, 2>, 10> digit_glyphs = [] {
  using p = glyph_point;
  std::array<std::array<glyph, 2>, 10> g{};
  g[0][0] =
      written(stroke(p{.50f, .05f}, p{.27f, .22f}, p{.20f, .55f}, p{.32f, .88f}, p{.55f, .95f},
                     p{.77f, .75f}, p{.80f, .40f}, p{.68f, .12f}, p{.50f, .05f}));
  g[0][1] =
      written(stroke(p{.62f, .10f}, p{.38f, .10f}, p{.27f, .40f}, p{.30f, .80f}, p{.50f, .95f},
                     p{.68f, .78f}, p{.72f, .42f}, p{.60f, .08f}, p{.45f, .06f}));
  g[1][0] = written(stroke(p{.52f, .05f}, p{.51f, .35f}, p{.50f, .65f}, p{.49f, .95f}));
  g[1][1] = written(stroke(p{.34f, .26f}, p{.44f, .18f}, p{.52f, .06f}),
                    stroke(p{.52f, .06f}, p{.52f, .50f}, p{.52f, .94f}),
                    stroke(p{.36f, .94f}, p{.52f, .94f}, p{.69f, .94f}));
  g[2][0] = written(stroke(p{.25f, .26f}, p{.38f, .08f}, p{.62f, .08f}, p{.73f, .30f},
                           p{.56f, .60f}, p{.24f, .92f}),
                    stroke(p{.24f, .92f}, p{.50f, .91f}, p{.79f, .92f}));
  g[2][1] =
      written(stroke(p{.26f, .24f}, p{.45f, .06f}, p{.69f, .20f}, p{.61f, .52f}, p{.38f, .84f},
                     p{.23f, .84f}, p{.34f, .74f}, p{.58f, .90f}, p{.80f, .84f}));
  g[3][0] =
      written(stroke(p{.27f, .16f}, p{.48f, .05f}, p{.69f, .18f}, p{.62f, .40f}, p{.43f, .48f}),
              stroke(p{.43f, .48f}, p{.68f, .54f}, p{.75f, .76f}, p{.53f, .95f}, p{.25f, .85f}));
  g[3][1] =
      written(stroke(p{.27f, .08f}, p{.50f, .08f}, p{.72f, .08f}),
              stroke(p{.72f, .08f}, p{.58f, .26f}, p{.46f, .42f}),
              stroke(p{.46f, .42f}, p{.70f, .50f}, p{.74f, .76f}, p{.54f, .94f}, p{.26f, .86f}));
  g[4][0] = written(stroke(p{.60f, .05f}, p{.41f, .34f}, p{.22f, .63f}),
                    stroke(p{.22f, .63f}, p{.50f, .63f}, p{.81f, .62f}),
                    stroke(p{.63f, .34f}, p{.63f, .64f}, p{.62f, .95f}));
  g[4][1] =
      written(stroke(p{.31f, .06f}, p{.25f, .34f}, p{.34f, .52f}, p{.53f, .52f}, p{.70f, .44f}),
              stroke(p{.72f, .06f}, p{.69f, .50f}, p{.65f, .95f}));
  g[5][0] = written(stroke(p{.72f, .07f}, p{.53f, .07f}, p{.34f, .07f}),
                    stroke(p{.34f, .07f}, p{.32f, .24f}, p{.30f, .42f}),
                    stroke(p{.30f, .42f}, p{.54f, .38f}, p{.74f, .58f}, p{.66f, .87f},
                           p{.43f, .95f}, p{.24f, .85f}));
  g[5][1] = written(stroke(p{.70f, .09f}, p{.45f, .06f}, p{.34f, .22f}, p{.36f, .42f},
                           p{.60f, .52f}, p{.70f, .74f}, p{.52f, .94f}, p{.26f, .88f}));
  g[6][0] =
      written(stroke(p{.66f, .06f}, p{.42f, .24f}, p{.26f, .58f}, p{.34f, .88f}, p{.57f, .94f},
                     p{.73f, .75f}, p{.60f, .55f}, p{.41f, .59f}, p{.28f, .76f}));
  g[6][1] = written(stroke(p{.46f, .05f}, p{.33f, .35f}, p{.28f, .70f}, p{.45f, .94f},
                           p{.66f, .85f}, p{.65f, .65f}, p{.47f, .58f}, p{.31f, .74f}));
  g[7][0] = written(stroke(p{.22f, .10f}, p{.49f, .09f}, p{.77f, .10f}),
                    stroke(p{.77f, .10f}, p{.59f, .46f}, p{.45f, .95f}));
  g[7][1] = written(stroke(p{.22f, .12f}, p{.49f, .09f}, p{.76f, .09f}),
                    stroke(p{.76f, .09f}, p{.60f, .46f}, p{.48f, .95f}),
                    stroke(p{.36f, .52f}, p{.53f, .50f}, p{.70f, .49f}));
  g[8][0] = written(stroke(p{.50f, .48f}, p{.30f, .30f}, p{.40f, .07f}, p{.62f, .08f},
                           p{.69f, .28f}, p{.50f, .48f}, p{.27f, .70f}, p{.38f, .93f},
                           p{.63f, .93f}, p{.74f, .70f}, p{.50f, .48f}));
  g[8][1] =
      written(stroke(p{.68f, .16f}, p{.47f, .05f}, p{.33f, .22f}, p{.50f, .46f}, p{.68f, .70f},
                     p{.54f, .94f}, p{.33f, .82f}, p{.42f, .56f}, p{.62f, .36f}, p{.69f, .16f}));
  g[9][0] = written(stroke(p{.71f, .24f}, p{.55f, .06f}, p{.33f, .14f}, p{.28f, .38f},
                           p{.45f, .50f}, p{.64f, .41f}, p{.71f, .22f}),
                    stroke(p{.71f, .22f}, p{.70f, .56f}, p{.62f, .95f}));
  g[9][1] =
      written(stroke(p{.69f, .28f}, p{.53f, .07f}, p{.33f, .20f}, p{.34f, .42f}, p{.52f, .50f},
                     p{.68f, .32f}, p{.71f, .56f}, p{.62f, .86f}, p{.36f, .93f}));
  return g;
}();

}  // namespace typegrad::data_detail

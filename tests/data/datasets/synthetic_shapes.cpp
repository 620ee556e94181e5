// SPDX-License-Identifier: BSL-1.0
#include <typegrad/data/datasets/synthetic_shapes.hpp>

#include "synthetic.hpp"

namespace tg = typegrad;

TEST_CASE("synthetic shapes: colour images of all classes, the same for the same seed") {
  test::check_synthetic(
      [](std::size_t train, std::size_t test, auto seed) {
        return tg::datasets::synthetic_shapes(train, test, seed);
      },
      {32, 32, 3});
}

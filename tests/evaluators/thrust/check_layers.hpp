// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "evaluators/recipes/layers.hpp"
#include "evaluators/thrust/check.hpp"

namespace support {

/// Layers, with numbers of all kinds around 0 or what else makes sense for them.
template <class Recipe>
void check_layers(double about_inputs = 0, double about_weights = 0) {
  tg::graph const& g = graph_of<Recipe>();
  for (unsigned const batch : {1U, 5U, 33U})
    CHECK(thrust_failure<Recipe>(
              recipes::uniform_data(g, batch, batch, about_inputs, about_weights)) == "");
}

}  // namespace support

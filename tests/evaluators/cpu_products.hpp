// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "compiler/random_graph.hpp"
#include "evaluators/recipes/products.hpp"
#include "evaluators/run_cpu.hpp"

// Matrix products on the CPU evaluator.

namespace products {

using namespace recipes;

template <class Recipe>
std::string failure(std::int64_t batch, int threads = 3) {
  static graph const g = Recipe::build();
  if (g.failed()) return std::string{g.error.view()};
  return support::cpu_failure<Recipe>(
      random_graphs::data_for(g, static_cast<unsigned>(batch), batch), threads);
}

}  // namespace products

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "compiler/random_graph.hpp"
#include "evaluators/thrust/run_thrust.hpp"

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <string>

// Recipes on the Thrust evaluator, at several batch sizes.

namespace support {

/// The graph of a recipe, which must be a right one.
template <class Recipe>
tg::graph const& graph_of() {
  static tg::graph const g = Recipe::build();
  INFO(std::string{g.error.view()});
  REQUIRE(!g.failed());
  return g;
}

/// With data that are multiples of 1/8, so that many are equal.
template <class Recipe>
void check_thrust(std::initializer_list<std::int64_t> batches = {1, 5, 33}) {
  tg::graph const& g = graph_of<Recipe>();
  for (std::int64_t const batch : batches)
    CHECK(thrust_failure<Recipe>(random_graphs::data_for(g, static_cast<unsigned>(batch), batch)) ==
          "");
}

/// The same, where `count` elements of the first input are `special`.
template <class Recipe>
void check_thrust_with(double special, std::size_t count, std::int64_t batch) {
  tg::reference::bindings b = random_graphs::data_for(graph_of<Recipe>(), 7, batch);
  auto& x = b.inputs[0];
  for (std::size_t i = 0; i < count; ++i) x[(i * 7919 + 31) % x.size()] = special;
  INFO(count << " elements are " << special);
  CHECK(thrust_failure<Recipe>(b) == "");
}

/// Whether a step of a recipe's program is cut into chunks: their results lie in scratch memory.
template <class Recipe>
bool in_chunks(std::int64_t batch) {
  using program = tg::program<Recipe>;
  // both parts of the arena begin at multiples of 256
  return tg::on_thrust::arena_bytes<program>(batch) - program::arena_bytes(batch) >= 256;
}

}  // namespace support

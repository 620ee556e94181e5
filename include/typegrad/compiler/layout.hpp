// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/graph.hpp>

namespace typegrad {

/// Weights lie in one flat buffer in the order of tracing. Each starts at a multiple of this many
/// elements; what is between them is zero and stays so.
inline constexpr std::int64_t weight_alignment = 16;

/// A weight's elements and the padding behind them.
constexpr std::int64_t aligned_elements(std::int64_t count) {
  return (count + weight_alignment - 1) / weight_alignment * weight_alignment;
}

/// The element where each weight of a graph starts, and behind the last one the buffer's size.
constexpr list<std::int64_t> weight_layout(graph const& g) {
  list<std::int64_t> offsets;
  std::int64_t next = 0;
  for (weight_info const& w : g.weights) {
    offsets.push_back(next);
    next += aligned_elements(w.shape.count());
  }
  offsets.push_back(next);
  return offsets;
}

}  // namespace typegrad

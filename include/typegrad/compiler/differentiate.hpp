// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/registry.hpp>

namespace typegrad {

/// Reverse-mode differentiation within the graph: appends the gradients of `objective` with respect
/// to each of the `wanted` nodes and returns them, -1 where the objective does not depend on one.
/// The objective is a scalar; if it is per sample, its sum over the batch is meant. The gradients
/// are ordinary nodes, so that they can be differentiated again.
constexpr list<int> differentiate(graph& g, symbol objective, list<int> const& wanted) {
  list<int> result(wanted.size(), -1);
  if (g.failed() || !objective.valid()) return result;
  if (objective.rank() != 0) {
    g.fail(sentence("gradient: needs a scalar objective, got extents ",
                    to_text(objective.shape())));
    return result;
  }
  int const count = objective.id() + 1;
  list<int> cotangents(count, -1);
  symbol one = build::constant(g, 1, objective.type());
  if (objective.per_sample()) one = build::spread(one);
  cotangents[objective.id()] = one.id();
  pull_back(g, cotangents, wanted);
  if (g.failed()) return result;
  for (int i = 0; i < wanted.size(); ++i)
    if (wanted[i] < count) result[i] = cotangents[wanted[i]];
  return result;
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/graph.hpp>

namespace typegrad::detail {

/// Per node, how many outputs, and operands of nodes that are needed, it is: 0 where it is needed
/// for nothing.
constexpr list<int> users_of(graph const& g) {
  list<int> users(g.size(), 0);
  for (int const id : g.outputs) ++users[id];
  for (int id = g.size() - 1; id >= 0; --id)
    for (int i = 0; users[id] > 0 && i < g[id].operand_count; ++i) ++users[g.operand(id, i)];
  return users;
}

}  // namespace typegrad::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/arrange.hpp>
#include <typegrad/ops/contraction.hpp>
#include <typegrad/ops/control.hpp>
#include <typegrad/ops/control_gradient.hpp>
#include <typegrad/ops/cumulative.hpp>
#include <typegrad/ops/custom_gradient.hpp>
#include <typegrad/ops/einsum.hpp>
#include <typegrad/ops/elementwise.hpp>
#include <typegrad/ops/leaves.hpp>
#include <typegrad/ops/sort.hpp>
#include <typegrad/ops/statistics.hpp>
#include <typegrad/ops/whole.hpp>
#include <typegrad/ops/window.hpp>

#include <array>
#include <utility>

namespace typegrad {

/// A rule as data, to look up by an op that is a value.
struct op_info {
  std::string_view name;
  void (*gradient)(gradient_context&) = nullptr;
};

namespace detail {

template <op Code>
constexpr op_info info_of() {
  return {rule<Code>::name, &rule<Code>::gradient};
}

template <std::size_t... I>
constexpr std::array<op_info, sizeof...(I)> all_ops(std::index_sequence<I...>) {
  return {info_of<static_cast<op>(I)>()...};
}

}  // namespace detail

inline constexpr std::array<op_info, op_count> op_table =
    detail::all_ops(std::make_index_sequence<op_count>{});

constexpr op_info const& info(op code) { return op_table[static_cast<std::size_t>(code)]; }

namespace detail {
constexpr bool carries_gradient(node const& n) {
  return is_floating(n.type) && n.code != op::stop_gradient;
}
}  // namespace detail

/// Reverse mode: the cotangents of nodes [0, count) from those of some of them, which `cotangents`
/// has; -1 where there is none. Only what lies between the wanted nodes and those is walked
/// through.
constexpr void pull_back(graph& g, list<int>& cotangents, list<int> const& wanted) {
  int const count = cotangents.size();
  list<bool> depends(count, false);
  for (int const id : wanted)
    if (id < count) depends[id] = true;
  for (int id = 0; id < count; ++id)
    for (int i = 0; i < g[id].operand_count; ++i)
      if (depends[g.operand(id, i)] && detail::carries_gradient(g[id])) depends[id] = true;
  int const outer = g.layer;
  for (int id = count - 1; id >= 0; --id) {
    if (cotangents[id] < 0 || !depends[id]) continue;
    g.layer = g[id].layer;
    gradient_context context{g, id, symbol{g, cotangents[id]}, cotangents, depends};
    info(g[id].code).gradient(context);
    if (g.failed()) return;
  }
  g.layer = outer;
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/registry.hpp>

namespace typegrad::detail {

/// Appends control node `id` of a graph to the one that it is rewritten into. Its regions are
/// simplified, without outputs that nobody asks for and inputs that they do not read.
/// `result_index`: per node, which result it is now.
template <class Simplify>
constexpr int simplified_control(graph const& from, int id, list<int> const& users,
                                 list<int> const& renamed, graph& to, list<int>& result_index,
                                 Simplify const& simplify) {
  node n = from[id];
  control_form form = control_form_of(from, id);
  int const given = from.regions[n.region].outputs.size();
  int const fixed = n.code == op::cond ? 0 : n.code == op::while_loop ? given : form.carries;
  list<int> kept(given, -1);
  int next = fixed;
  for (int k = 0; k < fixed; ++k) kept[k] = k;
  for (int r = id + 1; r < from.size(); ++r) {
    if (from[r].code != op::result || from.operand(r, 0) != id || users[r] == 0) continue;
    int& place = kept[from[r].index];
    if (place < 0) place = next++;
    result_index[r] = place;
  }
  int const regions = region_count(n.code);
  list<graph> simplified;
  for (int i = 0; i < regions; ++i) {
    graph const& region = from.regions[n.region + i];
    list<int> outputs(next, -1);
    for (int k = 0; k < given; ++k)
      if (kept[k] >= 0) outputs[kept[k]] = region.outputs[k];
    simplified.push_back(simplify(with_outputs(region, outputs)));
  }
  int const first = first_region_operand(n.code);
  list<bool> read(n.operand_count - first, false);
  for (graph const& region : simplified)
    for (node const& m : region.nodes)
      if (m.code == op::input) read[m.index] = true;
  list<int> operands;
  if (first > 0) operands.push_back(renamed[from.operand(id, 0)]);
  list<int> names(read.size(), -1);
  control_form smaller = form;
  for (int i = 0, next_input = 0; i < read.size(); ++i) {
    bool const goes_round = n.code != op::cond && i < form.carries;
    if (!read[i] && !goes_round) {
      if (i < form.carries)
        --smaller.carries;
      else if (i < form.carries + form.sequences)
        --smaller.sequences;
      continue;
    }
    names[i] = next_input++;
    operands.push_back(renamed[from.operand(id, first + i)]);
  }
  n.region = to.regions.size();
  for (graph& region : simplified) {
    list<input_info> const inputs = region.inputs;
    region.inputs.clear();
    for (int i = 0; i < names.size(); ++i)
      if (names[i] >= 0) region.inputs.push_back(inputs[i]);
    for (node& m : region.nodes)
      if (m.code == op::input) m.index = names[m.index];
    to.regions.push_back(region);
  }
  attribute const a = smaller.as_attribute();
  n.attribute = -1;
  return to.add(n, operands.begin(), operands.size(), &a);
}

}  // namespace typegrad::detail

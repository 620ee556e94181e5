// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/chains.hpp>
#include <typegrad/compiler/fuse.hpp>
#include <typegrad/compiler/plan.hpp>
#include <typegrad/compiler/simplify.hpp>

namespace typegrad {

/// A graph after all passes: steps and the memory they work in.
struct compiled_graph {
  graph source;  ///< simplified and lowered
  schedule steps;
  memory_plan memory;
  list<extents> output_shapes;
  list<compiled_graph> regions;  ///< of control steps; their arenas are parts of this one
};

namespace detail {

/// A node that is its operand over again, in memory of its own. `number`: no two have the same.
constexpr int append_copy(graph& g, int id, int number) {
  node n = g[id];
  n.code = op::stop_gradient;  // the identity
  n.attribute = -1;
  n.value = 0;
  n.index = -1 - number;
  return g.add(n, &id, 1);
}

/// Whether node `user` needs an operand that is a part of a sequence (or a view of one) copied:
/// samples of such lie apart, and it may begin anywhere.
constexpr bool needs_copy(graph const& g, int user, bool unaligned) {
  op const code = g[user].code;
  if (slides(code) || takes_whole(code) || is_control(code)) return true;
  if (code != op::dot_general) return false;
  attribute const& a = g.attributes_of(user);
  return unaligned || (a.over_batch && a.a.size() > 0);
}

/// A region's graph, where parts of sequences that its ops cannot read in place are copied.
constexpr graph with_copied_parts(graph const& region) {
  list<bool> copied(region.inputs.size(), false);
  list<int> source(region.size(), -1);  // the input that a node is a view of
  bool any = false;
  for (int id = 0; id < region.size(); ++id) {
    node const& n = region[id];
    if (n.code == op::input && region.inputs[n.index].part_of > 1) source[id] = id;
    if (is_view(n.code)) source[id] = source[region.operand(id, 0)];
    for (int i = 0; i < n.operand_count; ++i) {
      int const part = source[region.operand(id, i)];
      if (part < 0) continue;
      bool const unaligned = region[part].shape.count() % part_alignment != 0;
      if (!needs_copy(region, id, unaligned)) continue;
      copied[region[part].index] = true;
      any = true;
    }
  }
  if (!any) return region;
  graph out;
  out.begin_as(region);
  out.output_parts = region.output_parts;
  list<int> names(region.size(), -1);
  for (int id = 0; id < region.size(); ++id) {
    list<int> operands;
    for (int i = 0; i < region[id].operand_count; ++i)
      operands.push_back(names[region.operand(id, i)]);
    names[id] = copy_node(region, id, out, operands.begin());
    if (region[id].code == op::input && copied[region[id].index])
      names[id] = append_copy(out, names[id], 1000 + id);
  }
  for (int const id : region.outputs) out.outputs.push_back(names[id]);
  return out;
}

/// Moves a region's arena to where it lies in the arena around it.
constexpr void move_arena(compiled_graph& region, std::int64_t shared, std::int64_t sampled) {
  for (buffer& b : region.memory.buffers)
    if (b.where == buffer::place::arena) b.offset += b.per_sample ? sampled : shared;
  for (compiled_graph& inner : region.regions) move_arena(inner, shared, sampled);
}

constexpr compiled_graph compile_lowered(graph const& lowered);

/// Compiles the regions of control ops, and gives each of these ops all its results: those that
/// nobody asked for too, and behind them the memory that it works in (see `control_op`).
constexpr void compile_regions(compiled_graph& out) {
  graph& g = out.source;
  list<graph> regions;
  int const count = g.size();
  for (int id = 0; id < count; ++id) {
    if (!is_control(g[id].code)) continue;
    node const n = g[id];
    control_form const form = control_form_of(g, id);
    int const outputs = g.regions[n.region].outputs.size();
    int const first = out.regions.size();
    std::int64_t shared = 0, sampled = 0;
    for (int i = 0; i < region_count(n.code); ++i) {
      graph region = g.regions[n.region + i];
      if (n.code == op::scan) {
        for (int k = 0; k < form.sequences; ++k)
          region.inputs[form.carries + k].part_of = form.length;
        for (int k = 0; k < outputs; ++k)
          region.output_parts.push_back(k < form.carries ? 1 : form.length);
        region = with_copied_parts(region);
      }
      compiled_graph c = compile_lowered(region);
      if (c.source.failed()) return g.fail(c.source.error);
      if (c.memory.shared_bytes > shared) shared = c.memory.shared_bytes;
      if (c.memory.sample_bytes > sampled) sampled = c.memory.sample_bytes;
      regions.push_back(region);
      out.regions.push_back(c);
    }
    graph const& region = regions[first];
    results_of(g, id, region, form.carries, form.length);
    int next = outputs;
    for (int i = 0; n.code != op::cond && i < form.carries; ++i) {
      node const& x = region[region.outputs[i]];
      build::result(g, id, next++, x.shape, x.type, x.per_sample);
    }
    // bytes are truth values
    if (shared > 0) build::result(g, id, next, {shared}, dtype::boolean, false);
    if (sampled > 0) build::result(g, id, next + 1, {sampled}, dtype::boolean, true);
    g.nodes[id].region = first;
  }
  if (!out.regions.empty()) g.regions = regions;
}

/// Has the regions' arenas lie where the plan has room for them.
constexpr void place_regions(compiled_graph& out) {
  for (step const& s : out.steps.steps) {
    if (s.kind != step_kind::control) continue;
    auto const offset = [&](int slot) {
      return slot < 0 ? 0 : out.memory.buffers[out.memory.buffer_of[s.buffers[slot]]].offset;
    };
    for (int i = 0; i < s.control.regions(); ++i)
      move_arena(out.regions[s.control.region + i], offset(s.control.shared_arena),
                 offset(s.control.sample_arena));
  }
}

/// Fuses and plans. Outputs that are leaves, or that are asked for twice, are copied to where they
/// are wanted, and so are parts of sequences; what is merely another's value under other extents is
/// written there at once.
constexpr compiled_graph compile_lowered(graph const& lowered) {
  compiled_graph out;
  out.source = lowered;
  graph& g = out.source;
  if (g.failed()) return out;
  for (int& id : g.outputs) {
    out.output_shapes.push_back(g[id].shape);
    int source = id;
    while (g[source].code == op::reshape) source = g.operand(source, 0);
    if (!is_leaf(g[source].code)) id = source;
  }
  for (int i = 0; i < g.outputs.size(); ++i) {
    int const id = g.outputs[i];
    bool copied = is_leaf(g[id].code) && g[id].code != op::random_uniform;
    copied = copied || (i < g.output_parts.size() && g.output_parts[i] > 1);
    for (int j = 0; j < i; ++j) copied = copied || g.outputs[j] == id;
    if (copied) g.outputs[i] = append_copy(g, id, i);
  }
  compile_regions(out);
  if (g.failed()) return out;
  out.steps = fuse(g);
  if (!out.steps.error.empty()) {
    g.fail(out.steps.error);
    return out;
  }
  if (g.chains) gather_chains(g, out.steps);
  out.memory = plan(g, out.steps);
  place_regions(out);
  return out;
}

}  // namespace detail

/// Simplifies, lowers, fuses and plans.
constexpr compiled_graph compile_graph(graph const& traced) {
  return detail::compile_lowered(simplify(lower(simplify(traced))));
}

}  // namespace typegrad

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/io/draw.hpp>
#include <typegrad/ops/op_names.hpp>

#include <cstdio>
#include <map>
#include <set>
#include <string>

// Drawings of graphs, as text in Graphviz' language, or as pictures where Graphviz is installed.

namespace typegrad {

namespace io_detail {

/// "B x 28 x 28": what one sample has, or all share.
template <int = 0>
std::string shape_label(extents const& shape, bool per_sample) {
  std::string out = per_sample ? "B" : "";
  for (std::int64_t const n : shape) out += (out.empty() ? "" : "×") + std::to_string(n);
  return out.empty() ? "scalar" : out;
}

template <int = 0>
std::string number_label(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", value);
  return digits;
}

template <int = 0>
char const* colour_of(op code) {
  if (code == op::weight) return "#ffe2b8";
  if (is_leaf(code)) return "#e8e8e8";
  if (has_kernel(code)) return "#bcd7f5";
  if (is_reduction(code)) return "#d9c7ee";
  if (is_movement(code)) return "#f5f5f5";
  return "#cdebc9";
}

template <int = 0>
char const* scalar_text(int which) {
  return which == static_cast<int>(run_scalar::loss_scale) ? "loss scale" : "batch size";
}

template <int = 0>
std::string leaf_label(graph const& g, node const& n) {
  if (n.code == op::input) return std::string(g.inputs[n.index].name.view());
  if (n.code == op::weight) return std::string(g.weights[n.index].path.view());
  if (n.code == op::constant) return number_label(n.value);
  if (n.code == op::scalar) return scalar_text(n.index);
  return std::string(op_name(n.code));
}

template <int = 0>
std::string node_box(std::string const& id, std::string const& label, char const* colour) {
  return "  " + id + " [label=\"" + label + "\", fillcolor=\"" + colour + "\"];\n";
}

inline constexpr char const* preamble =
    "  rankdir=TB; ranksep=0.25; nodesep=0.2; fontname=\"Helvetica\";\n"
    "  node [shape=box, style=\"filled,rounded\", color=\"#555555\", fontname=\"Helvetica\","
    " fontsize=11, height=0.3, margin=\"0.1,0.05\"];\n"
    "  edge [color=\"#777777\", arrowsize=0.6];\n";

}  // namespace io_detail

/// A graph as it was traced (or after a pass): a box a node, its extents below its name.
template <int = 0>
std::string to_dot(graph const& g) {
  using namespace io_detail;
  std::string out = std::string("digraph graph_of_values {\n") + preamble;
  for (int id = 0; id < g.size(); ++id) {
    node const& n = g[id];
    bool const leaf = is_leaf(n.code);
    out += node_box("n" + std::to_string(id),
                    (leaf ? leaf_label(g, n) : std::string(op_name(n.code))) + "\\n" +
                        shape_label(n.shape, n.per_sample),
                    colour_of(n.code));
    for (int i = 0; i < n.operand_count; ++i)
      out += "  n" + std::to_string(g.operand(n, i)) + " -> n" + std::to_string(id) + ";\n";
  }
  for (int i = 0; i < g.outputs.size(); ++i) {
    std::string const name = "output" + std::to_string(i);
    out += "  " + name + " [label=\"output " + std::to_string(i) +
           "\", shape=plaintext, style=\"\"];\n  n" + std::to_string(g.outputs[i]) + " -> " + name +
           ";\n";
  }
  return out + "}\n";
}

/// A compiled graph: a frame a kernel, with what it computes inside; values that go through memory
/// are the arrows between frames.
template <int = 0>
std::string to_dot(compiled_graph const& c) {
  using namespace io_detail;
  constexpr char const* kinds[] = {"loop",           "row program",  "reduction",
                                   "matrix product", "whole values", "regions"};
  std::string out = std::string("digraph program {\n  compound=true;\n") + preamble;
  std::map<int, std::string> writer;  // per node with a buffer: the box that stores it
  std::set<int> drawn;
  std::string edges;
  for (int s = 0; s < c.steps.steps.size(); ++s) {
    step const& now = c.steps.steps[s];
    std::string const prefix = "s" + std::to_string(s) + "_";
    auto const source = [&](int slot) {
      int const id = now.buffers[slot];
      auto const found = writer.find(id);
      if (found != writer.end()) return found->second;
      std::string const name = "n" + std::to_string(id);
      node const& n = c.source[id];
      if (drawn.insert(id).second)
        edges +=
            node_box(name, leaf_label(c.source, n) + "\\n" + shape_label(n.shape, n.per_sample),
                     colour_of(n.code));
      return name;
    };
    out += "  subgraph cluster_" + std::to_string(s) + " {\n  label=\"kernel " + std::to_string(s) +
           ": " + kinds[static_cast<int>(now.kind)] +
           "\"; style=\"rounded\"; color=\"#4477aa\"; fontsize=11; fontname=\"Helvetica\";\n";
    std::map<int, std::string> name_of;  // per instruction
    for (int i = 0; i < now.body.size(); ++i) {
      instruction const& x = now.body[i];
      if (x.code == op::input) {
        name_of[i] = source(x.slot);
        continue;
      }
      name_of[i] = prefix + std::to_string(i);
      if (now.kind == step_kind::control && i >= now.control.results) continue;  // memory
      std::string label = x.code == op::result
                              ? std::string(op_name(now.control.code)) + " " + std::to_string(i)
                          : x.code == op::constant ? number_label(x.value)
                          : x.code == op::scalar   ? scalar_text(x.slot)
                                                   : std::string(op_name(x.code));
      out += node_box(name_of[i], label, colour_of(x.code));
      for (int const o : {x.a, x.b, x.c})
        if (o >= 0) edges += "  " + name_of[o] + " -> " + name_of[i] + ";\n";
      if (x.code == op::result)
        for (int slot = 0; slot < now.control.operands; ++slot)
          edges += "  " + source(slot) + " -> " + name_of[i] + ";\n";
      if (takes_whole(x.code)) {
        edges += "  " + source(now.whole.slots[0]) + " -> " + name_of[i] + ";\n";
        if (now.whole.slots[1] != now.whole.slots[0])
          edges += "  " + source(now.whole.slots[1]) + " -> " + name_of[i] + ";\n";
      }
      if (!is_contraction(x.code)) continue;
      edges += "  " + source(now.product.slot_a) + " -> " + name_of[i] + ";\n";
      if (now.product.slot_b != now.product.slot_a || x.code == op::dot_general)
        edges += "  " + source(now.product.slot_b) + " -> " + name_of[i] + ";\n";
    }
    out += "  }\n";
    for (typegrad::store const& x : now.stores) writer[now.buffers[x.slot]] = name_of[x.value];
  }
  for (int i = 0; i < c.source.outputs.size(); ++i) {
    std::string const name = "output" + std::to_string(i);
    edges += "  " + name + " [label=\"output " + std::to_string(i) +
             "\", shape=plaintext, style=\"\"];\n  " + writer[c.source.outputs[i]] + " -> " + name +
             ";\n";
  }
  return out + edges + "}\n";
}

}  // namespace typegrad

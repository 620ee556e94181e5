// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/compiler/fuse.hpp>
#include <typegrad/compiler/layout.hpp>
#include <typegrad/compiler/plan.hpp>
#include <typegrad/compiler/simplify.hpp>

#include <array>

namespace typegrad {

/// A graph after all passes: steps and the memory they work in.
struct compiled_graph {
  graph source;  ///< simplified and lowered
  schedule steps;
  memory_plan memory;
  list<extents> output_shapes;
};

/// Simplifies, lowers, fuses and plans. Outputs that are leaves, or that are asked for twice, are
/// copied to where they are wanted; what is merely another's value under other extents is written
/// there at once.
constexpr compiled_graph compile_graph(graph const& traced) {
  compiled_graph out;
  out.source = simplify(lower(simplify(traced)));
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
    for (int j = 0; j < i; ++j) copied = copied || g.outputs[j] == id;
    if (!copied) continue;
    node n = g[id];
    n.code = op::stop_gradient;  // the identity
    n.attribute = -1;
    n.value = 0;
    n.index = -1 - i;  // its own node
    g.outputs[i] = g.add(n, &id, 1);
  }
  out.steps = fuse(g);
  if (!out.steps.error.empty()) {
    g.fail(out.steps.error);
    return out;
  }
  out.memory = plan(g, out.steps);
  return out;
}

/// A step of a finished program: parts of the program's flat arrays.
struct step_info {
  step_kind kind = step_kind::loop;
  int rank = 0;
  domain_axis axes[max_domain] = {};
  int reduced_from = 0, reduced_to = 0;
  int phases = 1;
  bool random = false;
  contraction product;
  int first_instruction = 0, instruction_count = 0;
  int first_store = 0, store_count = 0;
  int first_buffer = 0, buffer_count = 0;
  int first_stream = 0, stream_count = 0;
  int signature = 0;  ///< the first step that computes the same way: its kernel serves both
};

/// What a run needs to know of an output.
struct output_info {
  extents shape;
  dtype type = dtype::float32;
  bool per_sample = false;
};

namespace detail {

struct program_sizes {
  int steps = 0, instructions = 0, stores = 0, slots = 0, streams = 0, buffers = 0;
  int weights = 0, inputs = 0, outputs = 0;
  bool failed = false;  ///< a sound graph could not be cut into steps: the compiler is at fault
};

constexpr program_sizes sizes_of(compiled_graph const& c) {
  program_sizes n;
  n.steps = c.steps.steps.size();
  for (step const& s : c.steps.steps) {
    n.instructions += s.body.size();
    n.stores += s.stores.size();
    n.slots += s.buffers.size();
    n.streams += s.streams.size();
  }
  n.buffers = c.memory.buffers.size();
  n.weights = c.source.weights.size();
  n.inputs = c.source.inputs.size();
  n.outputs = c.source.outputs.size();
  n.failed = !c.steps.error.empty();
  return n;
}

constexpr bool same_kernel(step const& a, step const& b) {
  if (a.kind != b.kind || a.rank != b.rank || a.phases != b.phases || a.random != b.random ||
      a.reduced_from != b.reduced_from || a.reduced_to != b.reduced_to ||
      a.body.size() != b.body.size() || a.stores.size() != b.stores.size())
    return false;
  for (int i = 0; i < a.rank; ++i)
    if (!(a.axes[i] == b.axes[i])) return false;
  if (!(a.product == b.product)) return false;
  for (int i = 0; i < a.body.size(); ++i)
    if (!(a.body[i] == b.body[i])) return false;
  for (int i = 0; i < a.stores.size(); ++i)
    if (!(a.stores[i] == b.stores[i])) return false;
  return true;
}

/// An array of at least one element, so that programs without streams and the like are no special
/// case.
template <class T, int N>
using table = std::array<T, static_cast<std::size_t>(N > 0 ? N : 1)>;

template <program_sizes N>
struct program_data {
  table<step_info, N.steps> steps{};
  table<instruction, N.instructions> instructions{};
  table<store, N.stores> stores{};
  table<int, N.slots> slots{};      ///< per step's slot: the buffer
  table<int, N.streams> streams{};  ///< per step's random slot: the stream
  table<buffer, N.buffers> buffers{};
  table<weight_info, N.weights> weights{};
  table<std::int64_t, N.weights + 1> weight_offsets{};
  table<input_info, N.inputs> inputs{};
  table<output_info, N.outputs> outputs{};
  std::int64_t shared_bytes = 0;
  std::int64_t sample_bytes = 0;
};

template <program_sizes N>
constexpr program_data<N> flatten(compiled_graph const& c) {
  program_data<N> out;
  auto const at = [](int i) { return static_cast<std::size_t>(i); };
  program_sizes n;
  for (step const& s : c.steps.steps) {
    step_info& t = out.steps[at(n.steps)];
    t.kind = s.kind;
    t.rank = s.rank;
    for (int i = 0; i < s.rank; ++i) t.axes[i] = s.axes[i];
    t.reduced_from = s.reduced_from;
    t.reduced_to = s.reduced_to;
    t.phases = s.phases;
    t.random = s.random;
    t.product = s.product;
    t.first_instruction = n.instructions;
    t.instruction_count = s.body.size();
    for (instruction const& x : s.body) out.instructions[at(n.instructions++)] = x;
    t.first_store = n.stores;
    t.store_count = s.stores.size();
    for (store const& x : s.stores) out.stores[at(n.stores++)] = x;
    t.first_buffer = n.slots;
    t.buffer_count = s.buffers.size();
    for (int const id : s.buffers) out.slots[at(n.slots++)] = c.memory.buffer_of[id];
    t.first_stream = n.streams;
    t.stream_count = s.streams.size();
    for (int const stream : s.streams) out.streams[at(n.streams++)] = stream;
    t.signature = n.steps;
    for (int i = 0; i < n.steps; ++i)
      if (out.steps[at(i)].signature == i && same_kernel(c.steps.steps[i], s)) {
        t.signature = i;
        break;
      }
    ++n.steps;
  }
  for (buffer const& b : c.memory.buffers) out.buffers[at(n.buffers++)] = b;
  for (weight_info const& w : c.source.weights) out.weights[at(n.weights++)] = w;
  list<std::int64_t> const offsets = weight_layout(c.source);
  for (int i = 0; i < offsets.size(); ++i) out.weight_offsets[at(i)] = offsets[i];
  for (input_info const& i : c.source.inputs) out.inputs[at(n.inputs++)] = i;
  for (int const id : c.source.outputs) {
    node const& o = c.source[id];
    out.outputs[at(n.outputs)] = {c.output_shapes[n.outputs], o.type, o.per_sample};
    ++n.outputs;
  }
  out.shared_bytes = c.memory.shared_bytes;
  out.sample_bytes = c.memory.sample_bytes;
  return out;
}

}  // namespace detail

/// A finished program as a type. `Recipe` is a stateless type whose `build()` returns the traced
/// graph, outputs set; it is evaluated while compiling.
template <class Recipe>
struct program {
  static constexpr detail::program_sizes sizes =
      detail::sizes_of(compile_graph(Recipe::build()));
  static constexpr detail::program_data<sizes> data =
      detail::flatten<sizes>(compile_graph(Recipe::build()));

  static constexpr int step_count = sizes.steps;
  /// The elements of the flat weight buffer.
  static constexpr std::int64_t weight_elements =
      data.weight_offsets[static_cast<std::size_t>(sizes.weights)];

  /// Bytes of the arena for a batch; scratch of an evaluator not counted.
  static constexpr std::int64_t arena_bytes(std::int64_t batch) {
    return data.shared_bytes + batch * data.sample_bytes;
  }
};

}  // namespace typegrad

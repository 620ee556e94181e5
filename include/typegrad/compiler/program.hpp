// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/compiler/fuse.hpp>
#include <typegrad/compiler/layout.hpp>
#include <typegrad/compiler/plan.hpp>
#include <typegrad/compiler/simplify.hpp>
#include <typegrad/compiler/words.hpp>

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
  domain_axes axes;
  int reduced_from = 0, reduced_to = 0;
  int phases = 1;
  bool random = false;
  contraction product;
  whole_op whole;
  int first_instruction = 0, instruction_count = 0;
  int first_store = 0, store_count = 0;
  int first_buffer = 0, buffer_count = 0;
  int first_stream = 0, stream_count = 0;
  int signature = 0;  ///< the first step that computes the same way: its kernel serves both
};

/// What a run needs to know of an input or output.
struct value_info {
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
  if (!(a.product == b.product) || !(a.whole == b.whole)) return false;
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
  table<std::int64_t, N.weights + 1> weight_offsets{};
  table<value_info, N.inputs> inputs{};
  table<value_info, N.outputs> outputs{};
  std::int64_t shared_bytes = 0;
  std::int64_t sample_bytes = 0;
};

template <class Words>
constexpr void visit(Words& w, program_sizes& n) {
  for (int* const x : {&n.steps, &n.instructions, &n.stores, &n.slots, &n.streams, &n.buffers,
                       &n.weights, &n.inputs, &n.outputs})
    w(*x);
  w(n.failed);
}
/// The numbers of a step; what it consists of is counted, and follows elsewhere.
template <class Words>
constexpr void visit(Words& w, step_info& s) {
  w(s.kind);
  w(s.rank);
  for (int i = 0; i < s.rank; ++i) visit(w, s.axes[i]);
  w(s.reduced_from);
  w(s.reduced_to);
  w(s.phases);
  w(s.random);
  if (s.kind == step_kind::contraction) visit(w, s.product);
  if (s.kind == step_kind::whole) visit(w, s.whole);
  for (int* const x : {&s.instruction_count, &s.store_count, &s.buffer_count, &s.stream_count,
                       &s.signature})
    w(*x);
}
template <class Words>
constexpr void visit(Words& w, value_info& x) {
  visit(w, x.shape);
  w(x.type);
  w(x.per_sample);
}

template <class Words, class T>
constexpr void visit_copy(Words& w, T x) {
  visit(w, x);
}

/// Writes all that a program is made of.
template <int Capacity>
constexpr words<Capacity> written(compiled_graph const& c) {
  words<Capacity> out;
  word_writer<Capacity> w{out};
  visit_copy(w, sizes_of(c));
  list<step> const& steps = c.steps.steps;
  list<int> signatures;
  for (int k = 0; k < steps.size(); ++k) {
    step const& s = steps[k];
    int signature = k;
    for (int i = 0; i < k && signature == k; ++i)
      if (signatures[i] == i && same_kernel(steps[i], s)) signature = i;
    signatures.push_back(signature);
    step_info t;
    t.kind = s.kind;
    t.rank = s.rank;
    for (int i = 0; i < s.rank; ++i) t.axes[i] = s.axes[i];
    t.reduced_from = s.reduced_from;
    t.reduced_to = s.reduced_to;
    t.phases = s.phases;
    t.random = s.random;
    t.product = s.product;
    t.whole = s.whole;
    t.instruction_count = s.body.size();
    t.store_count = s.stores.size();
    t.buffer_count = s.buffers.size();
    t.stream_count = s.streams.size();
    t.signature = signature;
    visit(w, t);
    for (instruction const& x : s.body) visit_copy(w, x);
    for (store const& x : s.stores) visit_copy(w, x);
    for (int const id : s.buffers) w(c.memory.buffer_of[id]);
    for (int const stream : s.streams) w(stream);
  }
  for (buffer const& b : c.memory.buffers) visit_copy(w, b);
  for (std::int64_t const offset : weight_layout(c.source)) w(offset);
  for (input_info const& i : c.source.inputs)
    visit_copy(w, value_info{i.shape, i.type, i.per_sample});
  for (int i = 0; i < c.source.outputs.size(); ++i) {
    node const& o = c.source[c.source.outputs[i]];
    extents const& shape = i < c.output_shapes.size() ? c.output_shapes[i] : o.shape;
    visit_copy(w, value_info{shape, o.type, o.per_sample});
  }
  w(c.memory.shared_bytes);
  w(c.memory.sample_bytes);
  return out;
}

constexpr program_sizes read_sizes(word_reader r) {
  program_sizes n;
  visit(r, n);
  return n;
}

template <program_sizes N>
constexpr program_data<N> read_program(word_reader r) {
  program_data<N> out;
  auto const at = [](int i) { return static_cast<std::size_t>(i); };
  program_sizes n;
  visit(r, n);
  n = {};
  for (; n.steps < N.steps; ++n.steps) {
    step_info& t = out.steps[at(n.steps)];
    visit(r, t);
    t.first_instruction = n.instructions;
    for (int i = 0; i < t.instruction_count; ++i) visit(r, out.instructions[at(n.instructions++)]);
    t.first_store = n.stores;
    for (int i = 0; i < t.store_count; ++i) visit(r, out.stores[at(n.stores++)]);
    t.first_buffer = n.slots;
    for (int i = 0; i < t.buffer_count; ++i) r(out.slots[at(n.slots++)]);
    t.first_stream = n.streams;
    for (int i = 0; i < t.stream_count; ++i) r(out.streams[at(n.streams++)]);
  }
  for (int i = 0; i < N.buffers; ++i) visit(r, out.buffers[at(i)]);
  for (int i = 0; i <= N.weights; ++i) r(out.weight_offsets[at(i)]);
  for (int i = 0; i < N.inputs; ++i) visit(r, out.inputs[at(i)]);
  for (int i = 0; i < N.outputs; ++i) visit(r, out.outputs[at(i)]);
  r(out.shared_bytes);
  r(out.sample_bytes);
  return out;
}

/// Room enough for most programs: some 100 layers with their gradients.
inline constexpr int usual_words = 1 << 17;

template <class Recipe, int Capacity>
inline constexpr words<Capacity> words_of = written<Capacity>(compile_graph(Recipe::build()));

/// A recipe's program as numbers: compiled once, or once more where there are very many.
template <class Recipe>
constexpr word_reader reader_of() {
  constexpr int needed = words_of<Recipe, usual_words>.needed;
  constexpr int capacity = needed <= usual_words ? usual_words : needed;
  std::int64_t const* const first = words_of<Recipe, capacity>.at;
  return {first};
}

}  // namespace detail

/// A finished program as a type. `Recipe` is a stateless type whose `build()` returns the traced
/// graph, outputs set; it is evaluated while compiling.
template <class Recipe>
struct program {
  static constexpr detail::program_sizes sizes = detail::read_sizes(detail::reader_of<Recipe>());
  static constexpr detail::program_data<sizes> data =
      detail::read_program<sizes>(detail::reader_of<Recipe>());

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

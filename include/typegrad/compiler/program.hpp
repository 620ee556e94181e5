// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/compile.hpp>
#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/compiler/layout.hpp>
#include <typegrad/compiler/words.hpp>

#include <array>

namespace typegrad {

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
  control_op control;
  int first_instruction = 0, instruction_count = 0;
  int first_store = 0, store_count = 0;
  int first_buffer = 0, buffer_count = 0;
  int first_stream = 0, stream_count = 0;
  int signature = 0;  ///< the first step that computes the same way: its kernel serves both
  int chain = 0;      ///< so many steps from here on are a chain (chains.hpp)
};

/// Whether a step writes what its slot holds. `stores`: all of the program's.
constexpr bool writes_slot(store const* stores, step_info const& s, int slot) {
  for (int k = 0; k < s.store_count; ++k)
    if (stores[s.first_store + k].slot == slot) return true;
  return false;
}

/// A program within a program: its steps, their slots, and its buffers. The first one is the
/// program itself, the others are regions of control steps.
struct region_info {
  int first_step = 0, step_count = 0;
  int first_slot = 0, slot_count = 0;
  int first_buffer = 0, buffer_count = 0;
};

/// What a run needs to know of an input or output.
struct value_info {
  extents shape;
  dtype type = dtype::float32;
  bool per_sample = false;
};

namespace detail {

struct program_sizes {
  int regions = 0;
  int steps = 0, instructions = 0, stores = 0, slots = 0, streams = 0, buffers = 0;
  int weights = 0, inputs = 0, outputs = 0;
  bool failed = false;  ///< a sound graph could not be cut into steps: the compiler is at fault
};

/// A compiled graph and, behind it, all regions within it. Outer ones come before inner ones.
struct program_parts {
  list<compiled_graph const*> all;
  list<int> first_region;  ///< per part: where its own regions begin

  constexpr explicit program_parts(compiled_graph const& c) {
    all.push_back(&c);
    for (int p = 0; p < all.size(); ++p) {
      first_region.push_back(all.size());
      for (compiled_graph const& region : all[p]->regions) all.push_back(&region);
    }
  }
};

constexpr program_sizes sizes_of(program_parts const& parts) {
  program_sizes n;
  n.regions = parts.all.size();
  for (compiled_graph const* const c : parts.all) {
    n.steps += c->steps.steps.size();
    for (step const& s : c->steps.steps) {
      n.instructions += s.body.size();
      n.stores += s.stores.size();
      n.slots += s.buffers.size();
      n.streams += s.streams.size();
    }
    n.buffers += c->memory.buffers.size();
    n.failed = n.failed || !c->steps.error.empty();
  }
  graph const& source = parts.all[0]->source;
  n.weights = source.weights.size();
  n.inputs = source.inputs.size();
  n.outputs = source.outputs.size();
  return n;
}

constexpr bool same_kernel(step const& a, step const& b) {
  if (a.kind != b.kind || a.rank != b.rank || a.phases != b.phases || a.random != b.random ||
      a.reduced_from != b.reduced_from || a.reduced_to != b.reduced_to ||
      a.body.size() != b.body.size() || a.stores.size() != b.stores.size())
    return false;
  for (int i = 0; i < a.rank; ++i)
    if (!(a.axes[i] == b.axes[i])) return false;
  if (!(a.product == b.product) || !(a.whole == b.whole) || !(a.control == b.control)) return false;
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
  table<region_info, N.regions> regions{};
  table<step_info, N.steps> steps{};
  table<instruction, N.instructions> instructions{};
  table<store, N.stores> stores{};
  table<int, N.slots> slots{};      ///< per step's slot: the buffer
  table<int, N.streams> streams{};  ///< per step's random slot: the stream
  table<buffer, N.buffers> buffers{};
  table<int, N.stores> layers{};  ///< per store: the layer that computes the value, see `node`
  table<std::int64_t, N.weights + 1> weight_offsets{};
  table<value_info, N.inputs> inputs{};
  table<value_info, N.outputs> outputs{};
  std::int64_t shared_bytes = 0;
  std::int64_t sample_bytes = 0;
};

template <class Words>
constexpr void visit(Words& w, program_sizes& n) {
  for (int* const x : {&n.regions, &n.steps, &n.instructions, &n.stores, &n.slots, &n.streams,
                       &n.buffers, &n.weights, &n.inputs, &n.outputs})
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
  if (s.kind == step_kind::control) visit(w, s.control);
  for (int* const x :
       {&s.instruction_count, &s.store_count, &s.buffer_count, &s.stream_count, &s.signature,
        &s.chain})
    w(*x);
}
template <class Words>
constexpr void visit(Words& w, region_info& x) {
  for (int* const n : {&x.first_step, &x.step_count, &x.first_slot, &x.slot_count, &x.first_buffer,
                       &x.buffer_count})
    w(*n);
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
  program_parts const parts{c};
  visit_copy(w, sizes_of(parts));
  list<step const*> steps;
  list<int> part_of, first_buffer;
  region_info r;
  for (int p = 0; p < parts.all.size(); ++p) {
    r.first_step += r.step_count;
    r.first_slot += r.slot_count;
    r.first_buffer += r.buffer_count;
    r.step_count = parts.all[p]->steps.steps.size();
    r.buffer_count = parts.all[p]->memory.buffers.size();
    r.slot_count = 0;
    for (step const& s : parts.all[p]->steps.steps) {
      r.slot_count += s.buffers.size();
      steps.push_back(&s);
      part_of.push_back(p);
    }
    first_buffer.push_back(r.first_buffer);
    visit_copy(w, r);
  }
  list<int> signatures, layers;
  for (int k = 0; k < steps.size(); ++k) {
    step const& s = *steps[k];
    int const part = part_of[k];
    int signature = k;
    // equal steps of control ops run other regions
    for (int i = 0; i < k && signature == k && s.kind != step_kind::control; ++i)
      if (signatures[i] == i && same_kernel(*steps[i], s)) signature = i;
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
    t.control = s.control;
    if (s.kind == step_kind::control) t.control.region += parts.first_region[part];
    t.instruction_count = s.body.size();
    t.store_count = s.stores.size();
    t.buffer_count = s.buffers.size();
    t.stream_count = s.streams.size();
    t.signature = signature;
    t.chain = s.chain;
    for (store const& x : s.stores)
      layers.push_back(parts.all[part]->source[s.buffers[x.slot]].layer);
    visit(w, t);
    for (instruction const& x : s.body) visit_copy(w, x);
    for (store const& x : s.stores) visit_copy(w, x);
    for (int const id : s.buffers) w(first_buffer[part] + parts.all[part]->memory.buffer_of[id]);
    for (int const stream : s.streams) w(stream);
  }
  for (compiled_graph const* const p : parts.all)
    for (buffer const& b : p->memory.buffers) visit_copy(w, b);
  for (int const layer : layers) w(layer);
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
  for (int i = 0; i < N.regions; ++i) visit(r, out.regions[at(i)]);
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
  for (int i = 0; i < N.stores; ++i) r(out.layers[at(i)]);
  for (int i = 0; i <= N.weights; ++i) r(out.weight_offsets[at(i)]);
  for (int i = 0; i < N.inputs; ++i) visit(r, out.inputs[at(i)]);
  for (int i = 0; i < N.outputs; ++i) visit(r, out.outputs[at(i)]);
  r(out.shared_bytes);
  r(out.sample_bytes);
  return out;
}

/// Room enough for most programs: some 400 layers with their gradients. Unused room costs the
/// compilers nothing, and a program that does not fit goes through all passes twice.
inline constexpr int usual_words = 1 << 19;

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

  /// The program's own steps come first; those of regions follow.
  static constexpr int step_count = data.regions[0].step_count;
  static constexpr int all_step_count = sizes.steps;
  /// The elements of the flat weight buffer.
  static constexpr std::int64_t weight_elements =
      data.weight_offsets[static_cast<std::size_t>(sizes.weights)];

  /// Where a buffer of the arena lies.
  static constexpr std::int64_t arena_offset(buffer const& b, std::int64_t batch) {
    return b.per_sample ? data.shared_bytes + batch * b.offset : b.offset;
  }

  /// Bytes of the arena for a batch; scratch of an evaluator not counted.
  static constexpr std::int64_t arena_bytes(std::int64_t batch) {
    return data.shared_bytes + batch * data.sample_bytes;
  }
};

}  // namespace typegrad

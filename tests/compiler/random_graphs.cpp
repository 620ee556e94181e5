// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "support/difference.hpp"

#include <typegrad/evaluators/reference/schedule_interpreter.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

// The law of the compiler's passes: they keep a graph's meaning. Graphs are made from seeds;
// TYPEGRAD_SEED runs one of them alone and prints it.

namespace {

using namespace typegrad;

/// Operands stand before their nodes, outputs are nodes.
std::string disorder(graph const& g) {
  for (int id = 0; id < g.size(); ++id)
    for (int i = 0; i < g[id].operand_count; ++i)
      if (g.operand(id, i) < 0 || g.operand(id, i) >= id)
        return "node " + std::to_string(id) + " stands before its operand";
  for (int const id : g.outputs)
    if (id < 0 || id >= g.size()) return "an output is no node";
  return {};
}

/// The nodes that the outputs need and that compute something.
int computing(graph const& g) {
  std::vector<bool> live(static_cast<std::size_t>(g.size()), false);
  for (int const id : g.outputs) live[static_cast<std::size_t>(id)] = true;
  int n = 0;
  for (int id = g.size() - 1; id >= 0; --id) {
    if (!live[static_cast<std::size_t>(id)]) continue;
    n += !is_leaf(g[id].code) && !is_view(g[id].code);
    for (int i = 0; i < g[id].operand_count; ++i)
      live[static_cast<std::size_t>(g.operand(id, i))] = true;
  }
  return n;
}

/// When a node's buffer is written and read.
struct life {
  int first_write = -1;
  int last_write = -1;
  int last_use = -1;
};

/// Per step, when all samples are behind it: of a chain's steps at its end.
std::vector<int> ends_of(schedule const& s) {
  std::vector<int> out;
  for (int i = 0, end = 0; i < s.steps.size(); ++i) {
    if (i >= end) end = i + std::max(s.steps[i].chain, 1);
    out.push_back(end - 1);
  }
  return out;
}

/// The plan, held against liveness that is computed from the steps alone.
std::string overlap(compiled_graph const& c) {
  auto const at = [](int i) { return static_cast<std::size_t>(i); };
  std::vector<int> const ends = ends_of(c.steps);
  std::vector<life> lives(at(c.source.size()));
  for (int i = 0; i < c.steps.steps.size(); ++i) {
    step const& s = c.steps.steps[i];
    auto const reads = [&](int slot) -> bool {
      int const id = s.buffers[slot];
      life& l = lives[at(id)];
      bool const given = c.source[id].code == op::input || c.source[id].code == op::weight;
      if (!given && (l.first_write < 0 || l.first_write == i)) return false;
      l.last_use = i;
      return true;
    };
    std::string const unwritten = "step " + std::to_string(i) + " reads what was not written";
    for (instruction const& x : s.body)
      if (x.code == op::input && !reads(x.slot)) return unwritten;
    bool all_written = true;
    each_read(s, [&](int slot) { all_written = all_written && reads(slot); });
    if (!all_written) return unwritten;
    for (store const& x : s.stores) {
      int const id = s.buffers[x.slot];
      if (c.source[id].code == op::input || c.source[id].code == op::weight)
        return "step " + std::to_string(i) + " writes what it was given";
      life& l = lives[at(id)];
      if (l.first_write < 0) l.first_write = i;
      l.last_write = i;
      l.last_use = i;
    }
  }
  for (int const id : c.source.outputs)
    if (lives[at(id)].first_write < 0) return "an output is not written";
  for (int id = 0; id < c.source.size(); ++id) {
    life const& l = lives[at(id)];
    bool const wanted = c.source.outputs.contains(id) || c.source[id].code == op::result;
    if (l.first_write >= 0 && l.last_use == l.last_write && !wanted)
      return "node " + std::to_string(id) + " is written and never read";
  }

  for (life& l : lives)
    if (l.last_use >= 0) l.last_use = ends[at(l.last_use)];

  auto const end_of = [](buffer const& b) { return b.offset + b.elements * bytes_of(b.type); };
  auto const in_place = [&](int source, int target) {
    step const& s = c.steps.steps[lives[at(target)].first_write];
    if (s.kind != step_kind::loop && s.kind != step_kind::contraction) return false;
    if (s.kind == step_kind::contraction &&
        (s.buffers[s.product.slot_a] == source || s.buffers[s.product.slot_b] == source))
      return false;
    store const* only = nullptr;
    for (store const& x : s.stores) {
      if (s.buffers[x.slot] == source) return false;
      if (s.buffers[x.slot] != target) continue;
      if (only != nullptr) return false;
      only = &x;
    }
    if (only == nullptr) return false;
    for (instruction const& x : s.body)
      if (x.code == op::input && s.buffers[x.slot] == source && !(x.where == only->where))
        return false;
    buffer const& a = c.memory.buffers[c.memory.buffer_of[source]];
    buffer const& b = c.memory.buffers[c.memory.buffer_of[target]];
    return a.offset == b.offset && bytes_of(a.type) == bytes_of(b.type);
  };
  for (int a = 0; a < c.source.size(); ++a) {
    if (c.memory.buffer_of[a] < 0) continue;
    buffer const& x = c.memory.buffers[c.memory.buffer_of[a]];
    if (x.where != buffer::place::arena) continue;
    std::int64_t const room = x.per_sample ? c.memory.sample_bytes : c.memory.shared_bytes;
    if (x.offset < 0 || end_of(x) > room) return "node " + std::to_string(a) + " leaves the arena";
    for (int b = 0; b < a; ++b) {
      if (c.memory.buffer_of[b] < 0) continue;
      buffer const& y = c.memory.buffers[c.memory.buffer_of[b]];
      if (y.where != buffer::place::arena || x.per_sample != y.per_sample) continue;
      if (end_of(x) <= y.offset || end_of(y) <= x.offset) continue;
      life const& lx = lives[at(a)];
      life const& ly = lives[at(b)];
      if (lx.last_use < ly.first_write || ly.last_use < lx.first_write) continue;
      if (lx.last_use == ly.first_write && in_place(a, b)) continue;
      if (ly.last_use == lx.first_write && in_place(b, a)) continue;
      return "nodes " + std::to_string(b) + " and " + std::to_string(a) + " share memory";
    }
  }
  return {};
}

std::string failure_of(graph const& traced, unsigned seed) {
  if (traced.failed()) return "tracing: " + std::string{traced.error.view()};
  graph const simplified = simplify(traced);
  graph const lowered = lower(simplified);
  graph chained = traced;
  chained.chains = seed % 2 == 0;
  compiled_graph const compiled = compile_graph(chained);
  if (compiled.source.failed()) return std::string{compiled.source.error.view()};
  for (graph const* g : {&traced, &simplified, &lowered, &compiled.source})
    if (std::string what = disorder(*g); !what.empty()) return what;
  if (computing(simplified) > computing(traced)) return "simplifying made the graph grow";
  if (computing(simplify(simplified)) > computing(simplified))
    return "simplifying again made the graph grow";
  if (std::string what = overlap(compiled); !what.empty()) return "plan: " + what;

  for (std::int64_t const batch : {std::int64_t{seed % 5 + 1}, std::int64_t{1}}) {
    reference::bindings const b = random_graphs::data_for(traced, seed, batch);
    auto const expected = reference::evaluate<float>(traced, b);
    auto const exact = reference::evaluate<double>(traced, b);
    auto const compare = [&](std::vector<reference::values> const& got, char const* what) {
      std::string const d = support::difference(got, expected, exact, traced);
      return d.empty() ? d : std::string{what} + ", batch " + std::to_string(batch) + ": " + d;
    };
    std::string d = compare(reference::evaluate<float>(simplified, b), "simplified");
    if (d.empty()) d = compare(reference::evaluate<float>(lowered, b), "lowered");
    if (d.empty()) d = compare(reference::evaluate<float>(compiled.source, b), "compiled graph");
    if (!d.empty()) return d;
    reference::schedule_interpreter interpreter{compiled, b};
    auto const got = interpreter.run();
    if (!interpreter.fault().empty()) return std::string{interpreter.fault().view()};
    d = compare(got, "steps");
    if (!d.empty()) return d;
  }
  return {};
}

/// The nodes that the outputs need, as they are.
graph only_live(graph const& g) {
  std::vector<int> names(static_cast<std::size_t>(g.size()), -1);
  std::vector<bool> live(names.size(), false);
  for (int const id : g.outputs) live[static_cast<std::size_t>(id)] = true;
  for (int id = g.size() - 1; id >= 0; --id)
    for (int i = 0; live[static_cast<std::size_t>(id)] && i < g[id].operand_count; ++i)
      live[static_cast<std::size_t>(g.operand(id, i))] = true;
  graph out;
  out.weights = g.weights;
  out.inputs = g.inputs;
  out.regions = g.regions;
  for (int id = 0; id < g.size(); ++id) {
    if (!live[static_cast<std::size_t>(id)]) continue;
    list<int> operands;
    for (int i = 0; i < g[id].operand_count; ++i)
      operands.push_back(names[static_cast<std::size_t>(g.operand(id, i))]);
    attribute const* const a = g[id].attribute < 0 ? nullptr : &g.attributes_of(id);
    node n = g[id];
    n.attribute = -1;
    names[static_cast<std::size_t>(id)] = out.add(n, operands.begin(), n.operand_count, a);
  }
  for (int const id : g.outputs) out.outputs.push_back(names[static_cast<std::size_t>(id)]);
  return out;
}

/// Prints a failing graph with as few outputs as it needs to fail.
void print_smallest(graph const& traced, unsigned seed) {
  graph g = traced;
  for (int id = 0; id < g.size(); ++id) {
    g.outputs.clear();
    g.outputs.push_back(id);
    if (!failure_of(g, seed).empty()) break;
    if (id + 1 == g.size()) g = traced;
  }
  for (int i = 0; i < g.outputs.size() && g.outputs.size() > 1;) {
    graph fewer = g;
    fewer.outputs.erase(i);
    if (failure_of(fewer, seed).empty())
      ++i;
    else
      g = fewer;
  }
  compiled_graph const c = compile_graph(g);
  std::printf("%s\ntraced\n%s\ncompiled\n%s\n%s\n", failure_of(g, seed).c_str(),
              random_graphs::to_text(only_live(g)).c_str(),
              random_graphs::to_text(c.source).c_str(), random_graphs::to_text(c).c_str());
}

}  // namespace

namespace {

enum class kind { any, windows, pooled, along_axes, control };

graph graph_of(kind what, unsigned seed) {
  random_graphs::generator make{seed,
                                {.windows = what == kind::windows,
                                 .along_axes = what == kind::along_axes,
                                 .control = what == kind::control}};
  return what == kind::pooled ? make.build_pooled() : make.build();
}

/// Seeds from 1 on, or TYPEGRAD_SEED alone.
void check_seeds(kind what, unsigned seeds) {
  if (char const* const only = std::getenv("TYPEGRAD_SEED")) {
    auto const seed = static_cast<unsigned>(std::atoi(only));
    graph const traced = graph_of(what, seed);
    std::string const failure = failure_of(traced, seed);
    if (!failure.empty()) print_smallest(traced, seed);
    CHECK(failure == "");
    return;
  }
  char const* const more = std::getenv("TYPEGRAD_SEEDS");
  if (more != nullptr) seeds = static_cast<unsigned>(std::atoi(more));
  unsigned failures = 0;
  for (unsigned seed = 1; seed <= seeds && failures < 5; ++seed) {
    std::string const failure = failure_of(graph_of(what, seed), seed);
    if (failure.empty()) continue;
    ++failures;
    UNSCOPED_INFO("TYPEGRAD_SEED=" << seed << ": " << failure);
  }
  CHECK(failures == 0);
}

}  // namespace

TEST_CASE("random graphs keep their meaning through every pass", "[compiler]") {
  check_seeds(kind::any, 1000);
}
TEST_CASE("random graphs have chains, some of them", "[compiler]") {
  int with_chains = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    graph g = graph_of(kind::any, seed);
    g.chains = true;
    compiled_graph const c = compile_graph(g);
    for (step const& s : c.steps.steps) with_chains += s.chain > 0;
  }
  CHECK(with_chains > 8);
}
TEST_CASE("random graphs with windows keep their meaning through every pass", "[compiler]") {
  check_seeds(kind::windows, 600);
}
TEST_CASE("random graphs that gather, order and accumulate keep their meaning through every pass",
          "[compiler]") {
  check_seeds(kind::along_axes, 800);
}
TEST_CASE("random graphs with loops and cases keep their meaning through every pass",
          "[compiler]") {
  check_seeds(kind::control, 800);
}
TEST_CASE("random pooled convolutions keep their meaning through every pass", "[compiler]") {
  check_seeds(kind::pooled, 1000);
  int at_once = 0;  // how many become one op, and how many do not
  for (unsigned seed = 1; seed <= 300; ++seed) {
    compiled_graph const c = compile_graph(graph_of(kind::pooled, seed));
    for (step const& s : c.steps.steps)
      at_once += s.kind == step_kind::contraction && s.product.code == op::convolution_max;
  }
  CHECK((at_once > 60 && at_once < 240));
}

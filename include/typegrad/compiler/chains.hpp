// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step.hpp>

// Chains: steps one after the other that keep to their samples, and are small. A device can run a
// chain as one kernel, in which a block takes some samples through all of the steps and keeps their
// values near itself. A small perceptron's whole forward and backward pass is one, if the gradients
// of its weights, which are sums over the batch, wait until it is done.

namespace typegrad::detail {

/// The most elements of what a chain's step writes for a sample, and of what it sums up.
inline constexpr std::int64_t chain_width = 128;
/// The most steps of a chain.
inline constexpr int chain_steps = 32;

/// Whether what a step does with a sample needs nothing of other samples, and is small.
constexpr bool keeps_to_samples(graph const& g, step const& s) {
  if (s.rank == 0 || !s.axes[0].batch) return false;
  // at each slot the same sample of values that are per sample, and all of the others
  auto const own = [&](int slot, access const& where) {
    node const& n = g[s.buffers[slot]];
    std::int64_t const along = where.strides[0] * s.axes[0].extent;
    return along == (n.per_sample ? n.shape.count() : 0);
  };
  switch (s.kind) {
    case step_kind::loop:
      if (s.random && s.axes[0].extent % 4 != 0) return false;  // four elements are one call
      break;
    case step_kind::row:
      // the reduced axis is the batch, or long
      if (s.rank < 2 || s.axes[s.rank - 1].extent > chain_width) return false;
      break;
    case step_kind::contraction: {
      contraction const& p = s.product;
      if (p.code != op::dot_general || p.loops > 0 || !p.rows.batch || p.inner.batch ||
          p.columns.batch || p.inner.extent > chain_width)
        return false;
      node const& a = g[s.buffers[p.slot_a]];
      if (a.type == dtype::float64) return false;  // would take twice the memory
      if (!a.per_sample || g[s.buffers[p.slot_b]].per_sample ||
          p.a_row * p.rows.extent != a.shape.count())
        return false;
      break;
    }
    default:
      return false;
  }
  for (instruction const& x : s.body) {
    if (x.unaligned || (x.code == op::iota && x.where.strides[0] != 0)) return false;
    if (x.code == op::input && !own(x.slot, x.where)) return false;
  }
  for (store const& x : s.stores) {
    node const& n = g[s.buffers[x.slot]];
    if (x.unaligned || !n.per_sample || n.shape.count() > chain_width || !own(x.slot, x.where))
      return false;
  }
  return true;
}

/// A step that writes a node, and the writing before, -1 if there is none: what is joined of parts
/// is written by several.
struct writing {
  int step = -1, before = -1;
};

/// Puts steps that keep to their samples next to each other where their order allows it, and marks
/// chains; leaves the schedule as it is where none has two products.
constexpr void gather_chains(graph const& g, schedule& s) {
  int const count = s.steps.size();
  list<writing> writings;
  list<int> last_writing(g.size(), -1);  // of each node
  for (int i = 0; i < count; ++i)
    for (store const& x : s.steps[i].stores) {
      int& last = last_writing[s.steps[i].buffers[x.slot]];
      writings.push_back({i, last});
      last = writings.size() - 1;
    }
  auto const each_needed = [&](int i, auto const& f) {
    for (int const id : s.steps[i].buffers)
      for (int w = last_writing[id]; w >= 0; w = writings[w].before)
        if (writings[w].step < i) f(writings[w].step);
  };
  list<bool> keeps(count, false);
  int products = 0;
  for (int i = 0; i < count; ++i) {
    keeps[i] = keeps_to_samples(g, s.steps[i]);
    for (store const& x : s.steps[i].stores)
      keeps[i] = keeps[i] && writings[last_writing[s.steps[i].buffers[x.slot]]].before < 0;
    products += keeps[i] && s.steps[i].kind == step_kind::contraction;
  }
  if (products < 2) return;

  list<bool> behind(count, false), before(count, false);  // some step that keeps to its samples
  for (int i = 0; i < count; ++i)
    each_needed(i, [&](int j) { behind[i] = behind[i] || keeps[j] || behind[j]; });
  for (int i = count - 1; i >= 0; --i)
    if (keeps[i] || before[i]) each_needed(i, [&](int j) { before[j] = true; });

  // what they all wait for; then as many of them as can be; then the next of the others, again
  schedule out;
  list<bool> done(count, false);
  auto const give = [&](int i) {
    done[i] = true;
    out.steps.push_back(s.steps[i]);
  };
  auto const ready = [&](int i) {
    if (done[i]) return false;
    bool all = true;
    each_needed(i, [&](int j) { all = all && done[j]; });
    return all;
  };
  for (int i = 0; i < count; ++i)
    if (before[i] && !keeps[i] && !behind[i]) give(i);
  bool any = false;
  while (out.steps.size() < count) {
    int const first = out.steps.size();
    int chained_products = 0;
    for (int i = 0; i < count; ++i) {
      if (!keeps[i] || !ready(i) || out.steps.size() - first == chain_steps) continue;
      give(i);
      chained_products += s.steps[i].kind == step_kind::contraction;
    }
    int const length = out.steps.size() - first;
    if (chained_products >= 2) {
      out.steps[first].chain = length;
      any = true;
    }
    if (length > 0) continue;
    for (int i = 0; i < count; ++i)
      if (ready(i)) {
        give(i);
        break;
      }
  }
  if (any) s = out;
}

}  // namespace typegrad::detail

namespace typegrad {

/// A recipe's graph, for an evaluator that runs chains.
template <class Recipe>
struct with_chains {
  static constexpr graph build() {
    graph g = Recipe::build();
    g.chains = true;
    return g;
  }
};

}  // namespace typegrad

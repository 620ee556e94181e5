// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/graph.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace typegrad {

/// A graph to look at: what `graph` has but for its regions, as views of arrays that somebody else
/// keeps. Of a snapshot, `index` of a control node stands for what its regions compute.
struct graph_view {
  std::span<node const> nodes;
  std::span<int const> operands;
  std::span<attribute const> attributes;
  std::span<weight_info const> weights;
  std::span<input_info const> inputs;
  std::span<int const> outputs;
  std::span<name_text const> output_names;
  std::span<layer_record const> layers;
  std::span<call_record const> calls;
  std::span<int const> call_values;

  constexpr graph_view() = default;
  template <int = 0>
  graph_view(graph const& g)
      : nodes{view(g.nodes)},
        operands{view(g.operands)},
        attributes{view(g.attributes)},
        weights{view(g.weights)},
        inputs{view(g.inputs)},
        outputs{view(g.outputs)},
        output_names{view(g.output_names)},
        layers{view(g.layers)},
        calls{view(g.calls)},
        call_values{view(g.call_values)} {}

  constexpr int size() const { return static_cast<int>(nodes.size()); }
  constexpr node const& operator[](int id) const { return nodes[static_cast<std::size_t>(id)]; }
  constexpr int operand(node const& n, int i) const {
    return operands[static_cast<std::size_t>(n.first_operand + i)];
  }
  constexpr int operand(int id, int i) const { return operand((*this)[id], i); }
  constexpr attribute const& attributes_of(int id) const {
    return attributes[static_cast<std::size_t>((*this)[id].attribute)];
  }

 private:
  template <class T>
  static std::span<T const> view(list<T> const& items) {
    return {items.begin(), static_cast<std::size_t>(items.size())};
  }
};

namespace detail {

struct graph_sizes {
  std::size_t nodes = 0, operands = 0, attributes = 0, weights = 0, inputs = 0, outputs = 0,
              output_names = 0, layers = 0, calls = 0, call_values = 0;
};

/// A number for what a graph computes, the same for the same nodes.
class fingerprint {
 public:
  constexpr explicit fingerprint(graph const& g) { add(g); }
  constexpr int number() const { return static_cast<int>(hash_ >> 33); }

 private:
  constexpr void add(std::uint64_t x) { hash_ = (hash_ ^ x) * 0x100000001b3U; }
  constexpr void add(std::int64_t x) { add(static_cast<std::uint64_t>(x)); }
  constexpr void add(int x) { add(std::int64_t{x}); }
  constexpr void add(extents const& e) {
    add(e.rank);
    for (std::int64_t const n : e) add(n);
  }
  constexpr void add(axis_list const& a) {
    add(a.count);
    for (int i = 0; i < a.count; ++i) add(a[i]);
  }
  constexpr void add(attribute const& a) {
    for (axis_list const* const l : {&a.a, &a.b, &a.c, &a.d}) add(*l);
    for (extents const* const e : {&a.low, &a.high, &a.step}) add(*e);
    for (window_axis const& x : a.over.axes)
      for (std::int64_t const n : {x.in, x.out, x.size, x.stride, x.dilation, x.low}) add(n);
    add(a.over.groups);
    add(a.over_batch + 2 * a.backwards + 4 * a.exclusive);
  }
  constexpr void add(graph const& g) {
    for (int id = 0; id < g.size(); ++id) {
      node const& n = g[id];
      add(static_cast<int>(n.code) * 16 + static_cast<int>(n.type));
      add(n.per_sample);
      add(n.index);
      add(std::bit_cast<std::uint64_t>(n.value));
      add(n.shape);
      for (int i = 0; i < n.operand_count; ++i) add(g.operand(id, i));
      if (n.attribute >= 0) add(g.attributes_of(id));
    }
    for (graph const& region : g.regions) add(region);
    for (int const id : g.outputs) add(id);
  }

  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

constexpr graph_sizes sizes_of(graph const& g) {
  auto const n = [](auto const& items) { return static_cast<std::size_t>(items.size()); };
  return {n(g.nodes),   n(g.operands),     n(g.attributes), n(g.weights), n(g.inputs),
          n(g.outputs), n(g.output_names), n(g.layers),     n(g.calls),   n(g.call_values)};
}

}  // namespace detail

/// The graph that `Source::build()` returns, kept in constants of the program: at run time there is
/// neither tracing nor memory to take. What layers are in Keras is kept for a Source that has a
/// member `keeps_keras_config` only, since it is code.
template <class Source>
class snapshot {
  static constexpr detail::graph_sizes sizes = detail::sizes_of(Source::build());

  struct arrays {
    std::array<node, sizes.nodes> nodes;
    std::array<int, sizes.operands> operands;
    std::array<attribute, sizes.attributes> attributes;
    std::array<weight_info, sizes.weights> weights;
    std::array<input_info, sizes.inputs> inputs;
    std::array<int, sizes.outputs> outputs;
    std::array<name_text, sizes.output_names> output_names;
    std::array<layer_record, sizes.layers> layers;
    std::array<call_record, sizes.calls> calls;
    std::array<int, sizes.call_values> call_values;
  };
  static constexpr arrays kept = [] {
    graph const g = Source::build();
    arrays a{};
    auto const copy = [](auto const& from, auto& to) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[static_cast<int>(i)];
    };
    copy(g.nodes, a.nodes);
    for (node& n : a.nodes)
      if (is_control(n.code)) {
        n.index = detail::fingerprint(g.regions[n.region]).number();
        if (n.code == op::cond)
          n.index ^= detail::fingerprint(g.regions[n.region + 1]).number() / 2;
      }
    copy(g.operands, a.operands);
    copy(g.attributes, a.attributes);
    copy(g.weights, a.weights);
    copy(g.inputs, a.inputs);
    copy(g.outputs, a.outputs);
    copy(g.output_names, a.output_names);
    copy(g.layers, a.layers);
    if constexpr (!requires { Source::keeps_keras_config; })
      for (layer_record& r : a.layers) r.keras_config = nullptr;
    copy(g.calls, a.calls);
    copy(g.call_values, a.call_values);
    return a;
  }();

 public:
  static constexpr graph_view view() {
    graph_view v;
    v.nodes = kept.nodes;
    v.operands = kept.operands;
    v.attributes = kept.attributes;
    v.weights = kept.weights;
    v.inputs = kept.inputs;
    v.outputs = kept.outputs;
    v.output_names = kept.output_names;
    v.layers = kept.layers;
    v.calls = kept.calls;
    v.call_values = kept.call_values;
    return v;
  }
};

}  // namespace typegrad

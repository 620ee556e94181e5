// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/graph/weights.hpp>

#include <limits>

// Row programs: softmax, its logarithm, layer normalisation, their gradients, and positions of
// extremes.

namespace recipes {

using namespace typegrad;

constexpr symbol softmax_of(symbol x) {
  symbol const e = exp(x - max(x, {-1}, true));
  return e / sum(e, {-1}, true);
}
constexpr symbol log_softmax_of(symbol x) {
  symbol const shifted = x - max(x, {-1}, true);
  return shifted - log(sum(exp(shifted), {-1}, true));
}
constexpr symbol normalized_of(symbol x) {
  symbol const centered = x - mean(x, {-1}, true);
  return centered * rsqrt(mean(square(centered), {-1}, true) + 1e-3);
}

template <std::int64_t Length, std::int64_t Rows = 3>
struct rows {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {Rows, Length});
    weights make{g};
    symbol const scale = make("scale", {Length}, initializer{});
    g.outputs.push_back(softmax_of(x).id());
    g.outputs.push_back(log_softmax_of(x).id());
    g.outputs.push_back((normalized_of(x) * scale + 0.5).id());
    g.outputs.push_back(argmax(x).id());
    g.outputs.push_back(argmin(x).id());
    g.outputs.push_back(max(x, {-1}).id());
    g.outputs.push_back(sum(x * scale, {-1}).id());
    return g;
  }
};

/// Gradients of softmax and layer normalisation, with respect to their rows and weights.
template <std::int64_t Length, std::int64_t Rows = 3>
struct row_gradients {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {Rows, Length});
    symbol const dy = build::input(g, "dy", {Rows, Length});
    weights make{g};
    symbol const scale = make("scale", {Length}, initializer{});
    list<int> const wanted{x.id(), scale.id()};
    symbol const results[] = {softmax_of(x * scale), log_softmax_of(x) * scale,
                              normalized_of(x) * scale};
    for (symbol const& y : results) {
      list<int> const gradients = differentiate(g, batch_sum(sum(y * dy)), wanted);
      for (int const id : gradients) g.outputs.push_back(id);
    }
    return g;
  }
};

/// Reductions one after the other, of what the ones before have made, with all kinds of results.
template <std::int64_t Length>
struct row_chain {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {2, Length});
    symbol const centered = x - mean(x, {-1}, true);
    symbol const greatest = max(abs(centered), {-1}, true);
    symbol const scaled = sin(centered / (greatest + 0.5));
    symbol const p = softmax_of(3 * scaled);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    out(p);
    out(centered);
    out(-sum(p * log(p), {-1}));
    out(argmax(x - min(x, {-1}, true)));
    out(greatest);
    out(centered > 0.5 * greatest);
    out(cast(8 * x, dtype::int32) - sum(cast(8 * x, dtype::int32), {-1}, true));
    out(greatest + 0 * x);  // the same along the row
    return g;
  }
};

struct integer_rows {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 37}, dtype::int32);
    g.outputs.push_back(argmax(x).id());
    g.outputs.push_back(argmin(x).id());
    g.outputs.push_back(min(x, {-1}).id());
    g.outputs.push_back(max(x, {-1}).id());
    g.outputs.push_back(sum(10'000'019 * x, {-1}).id());  // no float32 has all of its digits
    g.outputs.push_back((x - max(x, {-1}, true)).id());
    g.outputs.push_back(sum(x > 0, {-1}).id());
    g.outputs.push_back(max(x > 3, {-1}).id());
    return g;
  }
};

struct truth_rows {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3, 37}, dtype::boolean);
    for (symbol const y : {argmax(x), argmin(x), min(x, {-1}), max(x, {-1}), sum(x, {-1}),
                           x == max(x, {-1}, true), where(x, sum(x, {-1}, true), 0)})
      g.outputs.push_back(y.id());
    return g;
  }
};

struct extremes {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {37});
    g.outputs.push_back(argmax(x).id());
    g.outputs.push_back(argmin(x).id());
    g.outputs.push_back(max(x).id());
    g.outputs.push_back(min(x).id());
    return g;
  }
  /// Rows whose extremes are there several times.
  static reference::bindings ties() {
    reference::bindings b;
    b.batch_size = 6;
    b.inputs.emplace_back(6 * 37, 1.0);
    auto const at = [&](int sample, int i) -> double& {
      return b.inputs[0][static_cast<std::size_t>(sample * 37 + i)];
    };
    constexpr double inf = std::numeric_limits<double>::infinity();
    at(1, 5) = at(1, 21) = at(1, 36) = 2;
    at(1, 4) = at(1, 20) = at(1, 32) = 0;
    for (int i = 0; i < 37; ++i) at(2, i) = -inf;
    at(3, 33) = at(3, 18) = std::numeric_limits<double>::quiet_NaN();
    for (int i = 0; i < 37; ++i) at(4, i) = inf;
    at(5, 17) = inf;
    at(5, 30) = inf;
    return b;
  }
  static reference::values first_greatest() { return {0, 5, 0, 18, 0, 17}; }
  static reference::values first_least() { return {0, 4, 0, 18, 0, 0}; }
};

}  // namespace recipes

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/graph/weights.hpp>
#include <typegrad/ops/registry.hpp>

// Loops and cases: sequences that are shared or of samples, forwards and backwards, with gradients,
// within each other, and such as go on for as long as data say.

namespace recipes {

using namespace typegrad;

/// A recurrent cell with its gradients. Parts of a sequence begin at any element where `Width` is
/// no multiple of 8.
template <std::int64_t Width, std::int64_t Length, bool Reverse>
struct recurrent {
  static constexpr graph build() {
    graph g;
    typegrad::weights make{g};
    symbol const kernel = make("kernel", {Width, Width}, initializer{});
    symbol const recurrent_kernel = make("recurrent", {Width, Width}, initializer{});
    symbol const bias = make("bias", {Width}, initializer{});
    symbol const x = build::input(g, "x", {Length, Width});
    symbol const h = build::input(g, "h", {Width}, dtype::float32, false);
    scan_result const r = scan(
        [&](symbol state, symbol part) -> scan_step {
          symbol const next = build::unary(
              op::tanh, 0.1 * (matmul(part, kernel) + matmul(state, recurrent_kernel)) + bias);
          return {{next}, {next * part}};
        },
        h, x, Reverse);
    symbol const loss = mean(square(r.ys[0])) + sum(r.carry[0]);
    list<int> const wanted{x.id(), kernel.id(), recurrent_kernel.id(), bias.id()};
    g.outputs = {r.carry[0].id(), r.ys[0].id()};
    for (int const id : differentiate(g, loss, wanted)) g.outputs.push_back(id);
    return g;
  }
};

/// Sequences of all kinds at once, and parts that kernels of their own read.
struct sequences {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {5, 3, 2});
    symbol const s = build::input(g, "s", {5, 4}, dtype::float32, false);
    symbol const n = build::input(g, "n", {5, 2}, dtype::int32);
    symbol const p = build::input(g, "p", {5}, dtype::boolean, false);
    symbol const table = build::input(g, "table", {4, 3}, dtype::float32, false);
    symbol const zero = build::constant(g, 0, dtype::int32, {2});
    scan_result const r = scan(
        [&](list<symbol> const& c, list<symbol> const& part) -> scan_step {
          symbol const rows = gather(table, part[2]);
          symbol const next = where(part[3], c[0] + sum(rows, {0}), 0.5 * c[0] - sum(part[0], {1}));
          return {{next, c[1] + part[2]},
                  {sort(part[0], 0), matmul(transpose(part[0], {1, 0}), part[0]),
                   batch_sum(next) + sum(part[1]), c[1] > 0, cumsum(part[0], 0), part[1],
                   batch_sum(matmul(part[0], transpose(part[0], {1, 0})))}};
        },
        {sum(x, {0, 2}), zero}, {x, s, n, p}, -1, true);
    for (symbol const& y : r.carry) g.outputs.push_back(y.id());
    for (symbol const& y : r.ys) g.outputs.push_back(y.id());
    symbol const loss = sum(r.ys[1]) + sum(r.ys[0] * r.ys[4]) + sum(r.carry[0]);
    for (int const id : differentiate(g, loss, list<int>{x.id(), table.id()}))
      g.outputs.push_back(id);
    return g;
  }
};

struct loops {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3});
    symbol const s = build::input(g, "s", {3}, dtype::float32, false);
    symbol const n = build::input(g, "n", {}, dtype::int32, false);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    auto const below = [](double limit) {
      return [limit](symbol v) { return batch_sum(sum(abs(v))) < limit; };
    };
    out(while_loop(below(500), [](symbol v) { return 2 * v + 0.25; }, x));
    out(while_loop(below(-1), [](symbol v) { return 2 * v; }, s));  // no turn
    out(while_loop(below(40), [&](symbol v) { return v + x + 1; }, s));
    symbol const times = abs(n);
    out(fori_loop(
        build::constant(g, 0, dtype::int32), times,
        [](symbol i, symbol v) { return v + cast(i, dtype::float32); }, x));
    out(fori_loop(
        1, 4, [&](symbol i, symbol v) { return sin(v) + s * cast(i, dtype::float32); }, x));
    list<symbol> const two = while_loop(
        [](list<symbol> const& v) { return v[1] < 3; },
        [&](list<symbol> const& v) -> list<symbol> {
          return {fori_loop(0, 2, [](symbol, symbol w) { return 0.5 * w + 1; }, v[0]), v[1] + 1};
        },
        {x, build::constant(g, 0, dtype::int32)});
    out(two[0]);
    out(two[1]);
    return g;
  }
};

struct cases {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3});
    symbol const s = build::input(g, "s", {3}, dtype::float32, false);
    auto const out = [&](symbol y) { g.outputs.push_back(y.id()); };
    for (bool const up : {false, true}) {
      symbol const which = up ? batch_sum(sum(abs(x))) >= 0 : batch_sum(sum(abs(x))) < 0;
      symbol const y = cond(which, [&] { return exp(x) + s; }, [&] { return s; });
      out(y);
      list<symbol> const both = cond(
          which, [&] { return list<symbol>{sum(x * s), s + 1}; },
          [&] { return list<symbol>{sum(x), sort(s)}; });
      for (symbol const& z : both) out(z);
      for (int const id : differentiate(g, sum(y * y) + both[0], list<int>{x.id(), s.id()}))
        g.outputs.push_back(id);
    }
    out(cond(sum(x) > 0, [&] { return exp(x); }, [&] { return s; }));
    scan_result const r = scan(
        [&](symbol c, symbol part) -> scan_step {
          return {
              {cond(batch_sum(part) > 0, [&] { return c + part; }, [&] { return c * s; })}, {c}};
        },
        x, x);
    out(r.carry[0]);
    out(r.ys[0]);
    return g;
  }
};

}  // namespace recipes

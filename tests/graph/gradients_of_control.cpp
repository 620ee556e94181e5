// SPDX-License-Identifier: BSL-1.0
#include "support/gradient_law.hpp"

// Gradients of what has regions, of first and second order.

namespace {

using namespace typegrad;
using namespace gradient_law;

TEST_CASE("gradients of scan") {
  for (int order : {1, 2}) {
    for (bool reverse : {false, true})
      holds(
          "a recurrent cell",
          [&](arguments x) {
            scan_result const r = scan(
                [&](symbol h, symbol part) -> scan_step {
                  symbol const next = sin(matmul(h, x[2]) + part);
                  return {{next}, {next * h}};
                },
                x[0], x[1], reverse);
            return concatenate({r.carry[0], sum(r.ys[0], {0})});
          },
          {{{2}, false}, {{4, 2}}, {{2, 2}, false, -0.7, 0.7}}, order);
    holds(
        "several values, one of which is counted",
        [](arguments x) {
          symbol const zero = build::constant(x[0].owner(), 0, dtype::int32);
          scan_result const r = scan(
              [&](list<symbol> const& c, list<symbol> const& s) -> scan_step {
                symbol const n = cast(c[1], dtype::float32);
                return {{c[0] * s[0] + n * x[2], c[1] + 1, c[0]}, {exp(c[2] * s[1]), s[0]}};
              },
              {x[0], zero, x[0] * 0.5}, {x[1], x[3]});
          return r.carry[0] * r.carry[2] + sum(r.ys[0] * r.ys[1], {0});
        },
        {{{2}}, {{3, 2}, false}, {{2}, false}, {{3, 2}, true, -1, 1}}, order);
    holds(
        "no sequence",
        [](arguments x) {
          return scan([&](list<symbol> const& c,
                          list<symbol> const&) -> scan_step { return {{c[0] * cos(x[0])}, {}}; },
                      {x[0]}, {}, 3)
              .carry[0];
        },
        {{{2}}}, order);
    holds(
        "a scan within a scan",
        [](arguments x) {
          return scan(
                     [&](symbol c, symbol row) -> scan_step {
                       symbol const inner =
                           scan([&](symbol d,
                                    symbol e) -> scan_step { return {{sin(d * e + c)}, {d * d}}; },
                                c, row)
                               .ys[0];
                       return {{c * 0.5 + sum(inner)}, {inner}};
                     },
                     x[0], x[1])
                     .ys[0] *
                 x[0];
        },
        {{{}, true, -1, 1}, {{2, 3}}}, order);
  }
}

TEST_CASE("gradients of fori_loop and cond") {
  for (int order : {1, 2}) {
    holds(
        "fori_loop",
        [](arguments x) {
          return fori_loop(
              1, 4, [&](symbol i, symbol v) { return v * cast(i, dtype::float32) * x[1] + sin(v); },
              x[0]);
        },
        {{{3}}, {{3}, false}}, order);
    for (double const limit : {-100.0, 100.0})
      holds(
          "cond",
          [&](arguments x) {
            return cond(
                batch_sum(sum(x[0])) < limit, [&] { return exp(x[0]) * x[1]; },
                [&] { return sin(x[0] * x[0]) + x[1] * x[0]; });
          },
          {{{3}}, {{3}, false}}, order);
    holds(
        "cond of every sample",
        [&](arguments x) {
          return cond(
              sum(x[0]) < 0, [](symbol v, symbol w) { return exp(v) * w; },
              [](symbol v, symbol w) { return sin(v * v) + w * v; }, x[0], x[1]);
        },
        {{{3}}, {{3}, false}}, order);
    holds(
        "cond within a scan",
        [](arguments x) {
          return scan(
                     [&](symbol c, symbol s) -> scan_step {
                       symbol const up = batch_sum(sum(s)) > 0;
                       symbol const next =
                           cond(up, [&] { return c * s; }, [&] { return sin(c) + s; });
                       return {{next}, {exp(next)}};
                     },
                     x[0], x[1])
              .ys[0];
        },
        {{{2}, true, -1, 1}, {{3, 2}}}, order);
  }
}

TEST_CASE("what has no gradient says so, and stop_gradient does without one") {
  graph g;
  symbol const x = build::input(g, "x", {2}, dtype::float32, false);
  auto const doubled = [](symbol v) {
    return while_loop([](symbol w) { return sum(w) < 100; }, [](symbol w) { return 2 * w; }, v);
  };
  CHECK(differentiate(g, sum(doubled(stop_gradient(x)) * x), list<int>{x.id()})[0] >= 0);
  CHECK(!g.failed());
  differentiate(g, sum(doubled(x)), list<int>{x.id()});
  CHECK(g.error.view() ==
        "while_loop: has no gradient, since the number of turns is only known at run time; use "
        "fori_loop with constant bounds, or scan");
}

}  // namespace

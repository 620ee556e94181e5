// SPDX-License-Identifier: BSL-1.0
#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/graph/weights.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

// Loops and cases: values against the same loops in C++, what is captured, and what is said of
// functions that do not fit.

namespace {

using namespace typegrad;
using reference::values;

template <class F>
std::vector<values> computed(std::vector<values> const& inputs, F const& f) {
  graph g;
  std::vector<symbol> in;
  for (values const& v : inputs)
    in.push_back(
        build::input(g, "x", {static_cast<std::int64_t>(v.size())}, dtype::float32, false));
  for (symbol const& y : f(in)) g.outputs.push_back(y.id());
  REQUIRE(std::string{g.error.view()} == "");
  reference::bindings b;
  b.inputs = inputs;
  return reference::evaluate<float>(g, b);
}
using symbols = std::vector<symbol> const&;

template <class F>
std::string error_of(F const& f) {
  graph g;
  f(build::input(g, "x", {4}), build::input(g, "s", {3, 4}, dtype::float32, false));
  return std::string{g.error.view()};
}

scan_step same(list<symbol> const& c, list<symbol> const&) { return {c, {}}; }

}  // namespace

TEST_CASE("scan hands its values on and stacks what turns give", "[ops]") {
  auto const running = [](bool reverse) {
    return [reverse](symbols x) {
      scan_result const r = scan(
          [](symbol total, symbol part) -> scan_step {
            symbol const now = 2 * total + part;
            return {{now}, {now}};
          },
          sum(x[0]) * 0, x[0], reverse);
      return list<symbol>{r.carry[0], r.ys[0]};
    };
  };
  CHECK(computed({{1, 2, 3}}, running(false)) == std::vector<values>{{11}, {1, 4, 11}});
  CHECK(computed({{1, 2, 3}}, running(true)) == std::vector<values>{{17}, {17, 8, 3}});
}

TEST_CASE("scan counts without a sequence", "[ops]") {
  CHECK(computed({{3, 5}}, [](symbols x) {
          scan_result const r = scan(
              [&](list<symbol> const& c, list<symbol> const&) -> scan_step {
                return {{c[0] + x[0], c[1] * 2}, {c[1]}};
              },
              {x[0], build::constant(x[0].owner(), 1, dtype::int32)}, {}, 3);
          return list<symbol>{r.carry[0], r.carry[1], r.ys[0]};
        }) == std::vector<values>{{12, 20}, {8}, {1, 2, 4}});
}

TEST_CASE("loops turn as often as data say", "[ops]") {
  auto const doubled = [](symbols x) {
    return list<symbol>{
        while_loop([](symbol v) { return sum(v) < 100; }, [](symbol v) { return 2 * v; }, x[0])};
  };
  CHECK(computed({{1, 2}}, doubled)[0] == values{64, 128});
  CHECK(computed({{70, 70}}, doubled)[0] == values{70, 70});
  CHECK(computed({{5}}, [](symbols x) {
          symbol const times = cast(sum(x[0]), dtype::int32);
          symbol const none = build::constant(x[0].owner(), 0, dtype::int32);
          return list<symbol>{fori_loop(
                                  none, times, [](symbol i, symbol v) { return v + i; }, none),
                              fori_loop(
                                  2, 5, [](symbol i, symbol v) { return v * i; }, times),
                              fori_loop(2, 2, [](symbol i, symbol v) { return v * i; }, times)};
        }) == std::vector<values>{{10}, {120}, {5}});
}

TEST_CASE("cond computes one of two cases", "[ops]") {
  auto const either = [](symbols x) {
    symbol const up = sum(x[0]) > 0;
    list<symbol> const two = cond(
        up, [&] { return list<symbol>{x[0] + 1, sum(x[0])}; },
        [&] { return list<symbol>{-x[0], sum(x[0]) * 0}; });
    return list<symbol>{
        cond(up, [](symbol v) { return v * 2; }, [](symbol v) { return v; }, x[0]), two[0], two[1]};
  };
  CHECK(computed({{1, 2}}, either) == std::vector<values>{{2, 4}, {2, 3}, {3}});
  CHECK(computed({{-1, -2}}, either) == std::vector<values>{{-1, -2}, {1, 2}, {0}});
}

TEST_CASE("every sample takes its own case", "[ops]") {
  graph g;
  symbol const x = build::input(g, "x", {2});
  g.outputs.push_back(cond(sum(x) > 0, [&] { return 2 * x; }, [&] { return x - 1; }).id());
  reference::bindings b;
  b.batch_size = 2;
  b.inputs = {{1, 2, -1, 0}};
  CHECK(reference::evaluate<float>(g, b)[0] == values{2, 4, -2, -1});
}

TEST_CASE("what turns have of samples, they have from the first on", "[ops]") {
  graph g;
  symbol const x = build::input(g, "x", {2});
  symbol const zero = build::constant(g, 0, dtype::float32, {2});
  symbol const y = fori_loop(0, 3, [&](symbol, symbol v) { return v + x; }, zero);
  CHECK(y.per_sample());
  g.outputs.push_back(y.id());
  reference::bindings b;
  b.batch_size = 2;
  b.inputs = {{1, 2, 3, 4}};
  CHECK(reference::evaluate<float>(g, b)[0] == values{3, 6, 9, 12});
}

TEST_CASE("a region has what it captures as inputs, numbers of its own, and no more", "[ops]") {
  graph g;
  typegrad::weights make{g};
  symbol const w = make("w", {4, 4}, initializer{});
  symbol const x = build::input(g, "x", {4});
  symbol const s = build::input(g, "s", {5, 4});
  symbol const scaled = exp(x);  // the same in every turn: not computed within
  scan_result const r = scan(
      [&](symbol h, symbol part) -> scan_step {
        return {{matmul(h, w) + exp(x) * part + 1}, {h, part}};
      },
      x, s);
  g.outputs = {r.carry[0].id()};
  CHECK(g.regions.size() == 1);
  CHECK(g.regions[0].inputs.size() == 4);  // h, part, w and exp(x)
  CHECK(g[r.carry[0].id()].per_sample);
  int const node = g.operand(r.carry[0].id(), 0);
  CHECK((g.operand(node, 2) == scaled.id() || g.operand(node, 3) == scaled.id()));
  // what nobody asks for is left out: both stacked results
  graph const simple = simplify(g);
  REQUIRE(simple.regions.size() == 1);
  CHECK(simple.regions[0].outputs.size() == 1);
}

TEST_CASE("loops and cases say what they need", "[ops]") {
  CHECK(error_of([](symbol x, symbol s) {
          scan([](symbol, symbol part) -> scan_step { return {{sum(part)}, {}}; }, x, s);
        }) ==
        "scan: value 0 is float32 of 4 before a turn and float32 of scalar behind it; both "
        "must be the same");
  CHECK(error_of([](symbol x, symbol s) {
          scan(
              [](list<symbol> const&, list<symbol> const& part) -> scan_step { return {part, {}}; },
              {x, x}, {s});
        }) == "scan: 2 values go into a turn, 1 come out of it; both must be as many");
  CHECK(error_of([](symbol x, symbol s) { scan(same, {x}, {s, x}); }) ==
        "scan: sequences of 3 and of 4 elements");
  CHECK(error_of([](symbol x, symbol) { scan(same, {x}, {}); }) ==
        "scan: needs a sequence, or a length of 1 or more");
  CHECK(error_of([](symbol x, symbol) { scan(same, {x}, {sum(x)}); }) ==
        "scan: a sequence needs an axis, got a scalar");
  CHECK(error_of([](symbol x, symbol) {
          while_loop([](symbol v) { return sum(v) > 0; }, [](symbol v) { return v; }, x);
        }) ==
        "while_loop: the condition has a value for each sample, and needs one for all: reduce "
        "it over the batch");
  CHECK(error_of([](symbol, symbol s) {
          while_loop([](symbol v) { return v > 0; }, [](symbol v) { return v; }, s);
        }) == "while_loop: the condition has extents 3x4, and needs to be a scalar");
  CHECK(error_of(
            [](symbol x, symbol s) { cond(sum(s) > 0, [&] { return x; }, [&] { return s; }); }) ==
        "cond: value 0 is float32 of 4 in one case and float32 of 3x4 in the other; both must "
        "be the same");
  CHECK(error_of([](symbol x, symbol s) { cond(s > 0, [&] { return x; }, [&] { return x; }); }) ==
        "cond: the condition has extents 3x4, and needs to be a scalar");
  CHECK(error_of([](symbol x, symbol s) {
          scan(
              [](symbol c, symbol part) -> scan_step {
                c.owner().losses.push_back(sum(part).id());
                return {{c}, {}};
              },
              x, s);
        }) ==
        "scan: a layer within the loop adds a loss or updates a state; only what stands "
        "outside of loops can");
  CHECK(error_of([](symbol x, symbol) {  // in an attempt before the last one
          fori_loop(
              0, 2,
              [&](symbol, symbol v) {
                if (!v.per_sample()) v.owner().losses.push_back(sum(v).id());
                return v + x;
              },
              build::constant(x.owner(), 0, dtype::float32, {4}));
        }) ==
        "scan: a layer within the loop adds a loss or updates a state; only what stands outside of "
        "loops can");
}

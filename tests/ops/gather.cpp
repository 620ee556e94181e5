// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/ops/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

// Gathering and its transpose: values worked out by hand, as NumPy gives them.

namespace {

using namespace typegrad;
using reference::values;

struct operand {
  extents shape;
  values numbers;
  bool per_sample = false;
};

template <class F>
values computed(operand const& x, operand const& indices, F const& f, std::int64_t batch = 1) {
  graph g;
  symbol const a = build::input(g, "x", x.shape, dtype::float32, x.per_sample);
  symbol const i = build::input(g, "i", indices.shape, dtype::int32, indices.per_sample);
  symbol const y = f(a, i);
  REQUIRE(std::string{g.error.view()} == "");
  g.outputs.push_back(y.id());
  reference::bindings b;
  b.batch_size = batch;
  b.inputs = {x.numbers, indices.numbers};
  return reference::evaluate<float>(g, b)[0];
}

template <class F>
std::string error_of(F const& f) {
  graph g;
  symbol const x = build::input(g, "x", {4, 5});
  f(x, build::input(g, "i", {3}, dtype::int32));
  return std::string{g.error.view()};
}

operand const table{{3, 2}, {0, 1, 10, 11, 20, 21}};

}  // namespace

TEST_CASE("gather takes rows, and whatever axis is asked for", "[ops]") {
  auto const rows = [](symbol x, symbol i) { return gather(x, i); };
  CHECK(computed(table, {{2}, {2, 0}}, rows) == values{20, 21, 0, 1});
  CHECK(computed(table, {{}, {1}}, rows) == values{10, 11});
  CHECK(computed(table, {{2, 2}, {2, 0, 1, 1}}, rows) == values{20, 21, 0, 1, 10, 11, 10, 11});
  auto const columns = [](symbol x, symbol i) { return take(x, i, -1); };
  CHECK(computed(table, {{3}, {1, 1, 0}}, columns) == values{1, 1, 0, 11, 11, 10, 21, 21, 20});
}

TEST_CASE("indices below 0 count from the end, and those beyond the ends are the last", "[ops]") {
  auto const rows = [](symbol x, symbol i) { return gather(sum(x, {1}), i); };
  CHECK(computed(table, {{7}, {-1, -2, -3, -4, -9, 3, 9}}, rows) ==
        values{41, 21, 1, 1, 1, 41, 41});
}

TEST_CASE("samples have tables or indices of their own, or both", "[ops]") {
  auto const rows = [](symbol x, symbol i) { return gather(x, i); };
  operand const two{{2, 2}, {0, 1, 2, 3, 10, 11, 12, 13}, true};
  CHECK(computed(table, {{1}, {2, 0}, true}, rows, 2) == values{20, 21, 0, 1});
  CHECK(computed(two, {{1}, {1}, false}, rows, 2) == values{2, 3, 12, 13});
  CHECK(computed(two, {{2}, {1, 0, 0, 0}, true}, rows, 2) == values{2, 3, 0, 1, 10, 11, 10, 11});
}

TEST_CASE("take_along_axis takes one element for each index", "[ops]") {
  CHECK(computed(table, {{3, 1}, {1, 0, -1}},
                 [](symbol x, symbol i) { return take_along_axis(x, i, 1); }) == values{1, 10, 21});
  CHECK(computed(table, {{1, 2}, {2, 0}},
                 [](symbol x, symbol i) { return take_along_axis(x, i, 0); }) == values{20, 1});
  CHECK(computed(table, {{1, 3}, {1, 1, 0}},  // other axes broadcast
                 [](symbol x, symbol i) { return take_along_axis(x, i, 1); }) ==
        values{1, 1, 0, 11, 11, 10, 21, 21, 20});
}

TEST_CASE("scatter_add adds up what has equal indices", "[ops]") {
  operand const updates{{3, 2}, {1, 2, 3, 4, 5, 6}};
  auto const added = [](symbol u, symbol i) { return scatter_add({4, 2}, i, u); };
  CHECK(computed(updates, {{3}, {1, 3, 1}}, added) == values{0, 0, 6, 8, 0, 0, 3, 4});
  CHECK(computed(updates, {{3}, {-1, 9, 0}}, added) == values{5, 6, 0, 0, 0, 0, 4, 6});
  operand const both{{2}, {1, 2, 3, 4}, true};
  operand const places{{2}, {0, 1, 1, 1}, true};
  CHECK(computed(
            both, places, [](symbol u, symbol i) { return scatter_add({3}, i, u); }, 2) ==
        values{1, 2, 0, 0, 7, 0});
  CHECK(computed(
            both, places, [](symbol u, symbol i) { return scatter_add({3}, i, u, 0, true); }, 2) ==
        values{1, 9, 0});
}

TEST_CASE("gather and its like say what they need", "[ops]") {
  CHECK(error_of([](symbol x, symbol i) { return gather(x, i, 3); }) ==
        "gather: axis 3 does not exist, extents 4x5 have axes 0 to 1");
  CHECK(error_of([](symbol x, symbol) { return gather(x, x); }) ==
        "gather: indices must be integers, got float32; cast them");
  CHECK(error_of([](symbol x, symbol i) { return take_along_axis(x, i, 0); }) ==
        "take_along_axis: extents 4x5 and indices of 3 differ in more than axis 0");
  CHECK(error_of([](symbol x, symbol i) { return scatter_add({7, 5}, i, x); }) ==
        "scatter_add: into extents 7x5 at indices of 3 along axis 0 needs updates of 3x5, got 4x5");
  CHECK(error_of([](symbol x, symbol) { return gather(sum(x), cast(x, dtype::int32)); }) ==
        "gather: axis 0 does not exist, a scalar has no axes");
}

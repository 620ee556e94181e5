// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/ops/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

// Movement ops: every element of the result comes from where the op says, or is what surrounds it.

namespace {

using namespace typegrad;
using reference::values;

/// The elements of a value of these extents that counts from 0: sample by sample.
values counted(std::int64_t count) {
  values v;
  for (std::int64_t i = 0; i < count; ++i) v.push_back(static_cast<double>(i));
  return v;
}

template <class F>
values moved(extents const& from, F const& f, std::int64_t batch = 1) {
  graph g;
  symbol const y = f(build::input(g, "x", from));
  REQUIRE(std::string{g.error.view()} == "");
  g.outputs.push_back(y.id());
  reference::bindings b;
  b.batch_size = batch;
  b.inputs = {counted(from.count() * batch)};
  return reference::evaluate<float>(g, b)[0];
}

template <class F>
std::string error_of(extents const& from, F const& f) {
  graph g;
  f(build::input(g, "x", from));
  return std::string{g.error.view()};
}

}  // namespace

TEST_CASE("values of movement ops", "[ops]") {
  CHECK(moved({2, 3}, [](symbol x) { return reshape(x, {3, 2}); }, 2) == counted(12));
  CHECK(moved(
            {2, 3}, [](symbol x) { return transpose(x, {1, 0}); }, 2) ==
        values{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
  CHECK(moved({2, 1, 3}, [](symbol x) { return transpose(x, {2, 0, 1}); }) ==
        values{0, 3, 1, 4, 2, 5});
  CHECK(moved({2}, [](symbol x) { return build::broadcast(x, {2, 3}, {0}); }) ==
        values{0, 0, 0, 1, 1, 1});
  CHECK(moved(
            {2}, [](symbol x) { return build::broadcast(x, {3, 2}, {1}); }, 2) ==
        values{0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3});
  CHECK(moved({2, 1}, [](symbol x) { return build::broadcast_to(x, {2, 2, 3}); }) ==
        values{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1});
  CHECK(moved({3, 3}, [](symbol x) { return slice(x, {1, 0}, {3, 2}); }) == values{3, 4, 6, 7});
  CHECK(moved({7}, [](symbol x) { return slice(x, {1}, {7}, {3}); }, 2) == values{1, 4, 8, 11});
  CHECK(moved({2, 2}, [](symbol x) { return pad(x, {0, 1}, {1, 0}, 9); }) ==
        values{9, 0, 1, 9, 2, 3, 9, 9, 9});
  CHECK(moved({3}, [](symbol x) { return build::pad(x, {1}, {2}, {2}, -1); }) ==
        values{-1, 0, -1, 1, -1, 2, -1, -1});
  CHECK(moved({1}, [](symbol x) { return build::pad(x, {0}, {0}, {5}); }) == values{0});
  CHECK(moved({2, 3}, [](symbol x) { return build::reverse(x, {1}); }) == values{2, 1, 0, 5, 4, 3});
  CHECK(moved({2, 3}, [](symbol x) { return build::reverse(x, {0, 1}); }) ==
        values{5, 4, 3, 2, 1, 0});
  CHECK(moved({2, 2}, [](symbol x) { return concatenate(x, 10 * x); }) ==
        values{0, 1, 0, 10, 2, 3, 20, 30});
  CHECK(moved(
            {1, 2}, [](symbol x) { return build::concatenate(x, x + 5, 0); }, 2) ==
        values{0, 1, 5, 6, 2, 3, 7, 8});
  CHECK(moved({2}, [](symbol x) { return concatenate(x, x + 2, x + 4); }) == counted(6));
}

TEST_CASE("what is shared is repeated for every sample", "[ops]") {
  graph g;
  symbol const x = build::input(g, "x", {2});
  symbol const s = build::input(g, "s", {1}, dtype::float32, false);
  for (symbol const y : {concatenate(x, s), concatenate(s, x), build::spread(s)})
    g.outputs.push_back(y.id());
  reference::bindings b;
  b.batch_size = 2;
  b.inputs = {{1, 2, 3, 4}, {9}};
  auto const got = reference::evaluate<float>(g, b);
  CHECK(got[0] == values{1, 2, 9, 3, 4, 9});
  CHECK(got[1] == values{9, 1, 2, 9, 3, 4});
  CHECK(got[2] == values{9, 9});
}

TEST_CASE("movement ops say what they need", "[ops]") {
  CHECK(error_of({2, 3}, [](symbol x) { return reshape(x, {7}); }) == "6 elements cannot become 7");
  CHECK(error_of({2, 3}, [](symbol x) { return transpose(x, {0}); }) ==
        "transpose: needs each of the 2 axes once");
  CHECK(error_of({2, 3}, [](symbol x) { return slice(x, {0, 1}, {2, 1}); }) ==
        "slice: from 0x1 to 2x1 does not lie within extents 2x3");
  CHECK(error_of({2, 3}, [](symbol x) { return pad(x, {1}, {1, 1}); }) ==
        "pad: needs one non-negative amount for each axis of 2x3");
  CHECK(error_of({2, 3}, [](symbol x) { return concatenate(x, sum(x, {0})); }) ==
        "concatenate: extents 2x3 and 3 do not fit along axis 1");
}

// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/ops/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

// Composed movement: every element of the result comes from where NumPy says.

namespace {

using namespace typegrad;
using reference::values;

/// f of a value of these extents that counts from 0.
template <class F>
values moved(extents const& from, F const& f, dtype type = dtype::float32) {
  graph g;
  symbol const y = f(build::input(g, "x", from, type, false));
  REQUIRE(std::string{g.error.view()} == "");
  g.outputs.push_back(y.id());
  reference::bindings b;
  b.inputs.emplace_back();
  for (std::int64_t i = 0; i < from.count(); ++i) b.inputs[0].push_back(static_cast<double>(i));
  return reference::evaluate<float>(g, b)[0];
}

template <class F>
std::string error_of(F const& f) {
  graph g;
  f(build::input(g, "x", {2, 3}));
  return std::string{g.error.view()};
}

}  // namespace

TEST_CASE("values are stacked, joined and split", "[ops]") {
  CHECK(moved({2}, [](symbol x) { return stack({x, 10 * x, x + 5}); }) ==
        values{0, 1, 0, 10, 5, 6});
  CHECK(moved({2}, [](symbol x) { return stack({x, 10 * x, x + 5}, -1); }) ==
        values{0, 0, 5, 1, 10, 6});
  CHECK(moved({2, 1}, [](symbol x) { return concatenate({x, x + 2, x + 4}, 1); }) ==
        values{0, 2, 4, 1, 3, 5});
  CHECK(moved({2, 3}, [](symbol x) { return split(x, 3)[1]; }) == values{1, 4});
  CHECK(moved({4}, [](symbol x) { return split(x, 2, 0)[1]; }) == values{2, 3});
  CHECK(moved({6}, [](symbol x) {
          list<symbol> const parts = split_at(x, {1, 4});
          return concatenate({parts[2], parts[1], parts[0]});
        }) == values{4, 5, 1, 2, 3, 0});
  CHECK(moved({2, 3}, [](symbol x) { return split(x, {1})[1]; }) == values{1, 2, 4, 5});
  CHECK(moved({5, 1}, [](symbol x) { return split(x, {1, -1}, -2)[1]; }) == values{1, 2, 3});
  CHECK(moved({2, 3}, [](symbol x) { return unstack(x, 1)[2]; }) == values{2, 5});
}

TEST_CASE("values are turned, moved on and repeated", "[ops]") {
  CHECK(moved({2, 3}, [](symbol x) { return flip(x); }) == values{5, 4, 3, 2, 1, 0});
  CHECK(moved({2, 3}, [](symbol x) { return flip(x, {-1}); }) == values{2, 1, 0, 5, 4, 3});
  CHECK(moved({5}, [](symbol x) { return roll(x, 2, 0); }) == values{3, 4, 0, 1, 2});
  CHECK(moved({5}, [](symbol x) { return roll(x, -6, 0); }) == values{1, 2, 3, 4, 0});
  CHECK(moved({2, 2}, [](symbol x) { return repeat(x, 2, 0); }) == values{0, 1, 0, 1, 2, 3, 2, 3});
  CHECK(moved({2, 2}, [](symbol x) { return repeat(x, 2, 1); }) == values{0, 0, 1, 1, 2, 2, 3, 3});
  CHECK(moved({2}, [](symbol x) { return tile(x, {3}); }) == values{0, 1, 0, 1, 0, 1});
  CHECK(moved({2, 2}, [](symbol x) { return tile(x, {2, 2}); }) ==
        values{0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3});
  CHECK(moved({2}, [](symbol x) { return tile(x, {2, 1}); }) == values{0, 1, 0, 1});
}

TEST_CASE("axes come, go and change places", "[ops]") {
  graph g;
  symbol const x = build::input(g, "x", {2, 1, 3});
  CHECK(expand_dims(x, 0).shape() == extents{1, 2, 1, 3});
  CHECK(expand_dims(x, -1).shape() == extents{2, 1, 3, 1});
  CHECK(expand_dims(x, 2).shape() == extents{2, 1, 1, 3});
  CHECK(squeeze(x).shape() == extents{2, 3});
  CHECK(squeeze(x, {-2}).shape() == extents{2, 3});
  CHECK(moveaxis(x, 0, -1).shape() == extents{1, 3, 2});
  CHECK(moveaxis(x, 2, 0).shape() == extents{3, 2, 1});
  CHECK(swapaxes(x, 0, 2).shape() == extents{3, 1, 2});
  CHECK(broadcast_to(x, {2, 4, 3}).shape() == extents{2, 4, 3});
  CHECK(std::string{g.error.view()} == "");
}

TEST_CASE("padding of every mode", "[ops]") {
  auto const by = [](pad_mode mode) { return [mode](symbol x) { return pad(x, {2}, {1}, mode); }; };
  CHECK(moved({3}, by(pad_mode::constant)) == values{0, 0, 0, 1, 2, 0});
  CHECK(moved({3}, by(pad_mode::reflect)) == values{2, 1, 0, 1, 2, 1});
  CHECK(moved({3}, by(pad_mode::symmetric)) == values{1, 0, 0, 1, 2, 2});
  CHECK(moved({3}, by(pad_mode::edge)) == values{0, 0, 0, 1, 2, 2});
  CHECK(moved({2, 2}, [](symbol x) { return pad(x, {1, 0}, {0, 1}, pad_mode::reflect); }) ==
        values{2, 3, 2, 0, 1, 0, 2, 3, 2});
}

TEST_CASE("one_hot has a 1 where the index points", "[ops]") {
  CHECK(moved(
            {3}, [](symbol x) { return one_hot(x - 1, 2); }, dtype::int32) ==
        values{0, 0, 1, 0, 0, 1});
}

TEST_CASE("logic and what numbers are", "[ops]") {
  CHECK(moved({4}, [](symbol x) { return logical_xor(x > 0, x > 2); }) == values{0, 1, 1, 0});
  CHECK(moved({3}, [](symbol x) { return isnan((x - 1) / (x - 1)); }) == values{0, 1, 0});
  CHECK(moved({3}, [](symbol x) { return isinf((x - 1) / (x - 1)); }) == values{0, 0, 0});
  CHECK(moved({3}, [](symbol x) { return isinf(1 / (x - 1)); }) == values{0, 1, 0});
}

TEST_CASE("composed movement says what it needs", "[ops]") {
  CHECK(error_of([](symbol x) { return split(x, 2)[0]; }) ==
        "split: axis 1 of extents 2x3 has 3 elements, which 2 does not divide");
  CHECK(error_of([](symbol x) { return split(x, 0)[0]; }) ==
        "split: axis 1 of extents 2x3 has 3 elements, which 0 does not divide");
  CHECK(error_of([](symbol x) { return split(x, {2, 2})[2]; }) ==
        "split: axis 1 of extents 2x3 has no part from 2 to 2; positions must rise and lie within "
        "it");
  CHECK(error_of([](symbol x) { return split(x, {3})[0]; }) ==
        "split: axis 1 of extents 2x3 has no part from 0 to 3; positions must rise and lie within "
        "it");
  CHECK(error_of([](symbol x) { return squeeze(x, {0}); }) ==
        "squeeze: axis 0 of extents 2x3 has 2 elements, not 1");
  CHECK(error_of([](symbol x) { return roll(x, 1, 2); }) ==
        "roll: axis 2 does not exist, extents 2x3 have axes 0 to 1");
  CHECK(error_of([](symbol x) { return broadcast_to(x, {3, 3}); }) ==
        "broadcast_to: extents 2x3 do not broadcast to 3x3");
  CHECK(error_of([](symbol x) { return pad(x, {2, 0}, {0, 0}, pad_mode::reflect); }) ==
        "pad: axis 0 of 2 elements has 1 to mirror, not 2 and 0");
  CHECK(error_of([](symbol x) { return expand_dims(x, 4); }) ==
        "expand_dims: axis 4 of a result with 3 axes does not exist");
}

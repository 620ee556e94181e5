// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/ops/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

// Order and sums along axes: values as NumPy and TensorFlow give them.

namespace {

using namespace typegrad;
using reference::values;

template <class F>
std::vector<values> computed(extents const& shape, values const& x, F const& f,
                             dtype type = dtype::float32) {
  graph g;
  for (symbol const& y : f(build::input(g, "x", shape, type, false))) g.outputs.push_back(y.id());
  REQUIRE(std::string{g.error.view()} == "");
  reference::bindings b;
  b.inputs = {x};
  return reference::evaluate<float>(g, b);
}

template <class F>
std::string error_of(F const& f) {
  graph g;
  f(build::input(g, "x", {2, 3}));
  return std::string{g.error.view()};
}

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("sort is ascending with NaN last, argsort is stable", "[ops]") {
  auto const both = [](symbol x) { return list<symbol>{sort(x), argsort(x)}; };
  auto const got = computed({8}, {3, no_number, -1, 3, infinity, -infinity, no_number, 0}, both);
  CHECK(values(got[0].begin(), got[0].begin() + 6) == values{-infinity, -1, 0, 3, 3, infinity});
  CHECK((std::isnan(got[0][6]) && std::isnan(got[0][7])));
  CHECK(got[1] == values{5, 2, 7, 0, 3, 4, 1, 6});
  CHECK(computed({4}, {0.0, -0.0, 1, -0.0}, both)[1] == values{0, 1, 3, 2});  // zeros are equal
  CHECK(computed({5}, {3, -7, 3, 2147483647, -2147483647 - 1.0}, both, dtype::int32)[1] ==
        values{4, 1, 0, 2, 3});
  CHECK(computed({4}, {1, 0, 1, 0}, both, dtype::boolean)[1] == values{1, 3, 0, 2});
}

TEST_CASE("descending order keeps equal elements in theirs", "[ops]") {
  auto const got = computed({6}, {1, no_number, 3, 1, 3, 0},
                            [](symbol x) { return list<symbol>{argsort(x, 0, true)}; });
  CHECK(got[0] == values{1, 2, 4, 0, 3, 5});
}

TEST_CASE("order along any axis", "[ops]") {
  values const x{3, 1, 2, 0, 5, 4};
  auto const sorted = [](int axis) {
    return [axis](symbol v) { return list<symbol>{sort(v, axis), argsort(v, axis)}; };
  };
  CHECK(computed({2, 3}, x, sorted(0)) ==
        std::vector<values>{{0, 1, 2, 3, 5, 4}, {1, 0, 0, 0, 1, 1}});
  CHECK(computed({2, 3}, x, sorted(1)) ==
        std::vector<values>{{1, 2, 3, 0, 4, 5}, {1, 2, 0, 0, 2, 1}});
  CHECK(computed({3, 1, 2}, x, sorted(0)) ==
        std::vector<values>{{2, 0, 3, 1, 5, 4}, {1, 1, 0, 0, 2, 2}});
}

TEST_CASE("top_k gives the greatest first, of equal ones the lower position", "[ops]") {
  auto const best = [](symbol x) {
    top_values const t = top_k(x, 3);
    return list<symbol>{t.values, t.indices};
  };
  auto const got = computed({2, 4}, {1, 5, 5, 2, -1, -1, -2, -1}, best);
  CHECK(got[0] == values{5, 5, 2, -1, -1, -1});
  CHECK(got[1] == values{1, 2, 3, 0, 1, 3});
}

TEST_CASE("cumsum and cumprod, backwards and without the element itself", "[ops]") {
  values const x{1, 2, 3, 4, 5, 6};
  auto const along = [](int axis, bool reverse, bool exclusive) {
    return [=](symbol v) {
      return list<symbol>{cumsum(v, axis, reverse, exclusive),
                          cumprod(v, axis, reverse, exclusive)};
    };
  };
  CHECK(computed({2, 3}, x, along(1, false, false)) ==
        std::vector<values>{{1, 3, 6, 4, 9, 15}, {1, 2, 6, 4, 20, 120}});
  CHECK(computed({2, 3}, x, along(1, true, false)) ==
        std::vector<values>{{6, 5, 3, 15, 11, 6}, {6, 6, 3, 120, 30, 6}});
  CHECK(computed({2, 3}, x, along(-1, false, true)) ==
        std::vector<values>{{0, 1, 3, 0, 4, 9}, {1, 1, 2, 1, 4, 20}});
  CHECK(computed({2, 3}, x, along(1, true, true)) ==
        std::vector<values>{{5, 3, 0, 11, 6, 0}, {6, 3, 1, 30, 6, 1}});
  CHECK(computed({3, 2}, x, along(0, false, false)) ==
        std::vector<values>{{1, 2, 4, 6, 9, 12}, {1, 2, 3, 8, 15, 48}});
  CHECK(computed(
            {4}, {1, 0, 1, 1}, [](symbol v) { return list<symbol>{cumsum(v)}; },
            dtype::boolean)[0] == values{1, 1, 2, 3});
}

TEST_CASE("reductions that are composed", "[ops]") {
  values const x{3, -4, 0, 1, 2, 2};
  auto const got = computed({2, 3}, x, [](symbol v) {
    return list<symbol>{prod(v, {1}), prod(v + 5),           any(v, {0}),
                        all(v, {1}),  logsumexp(v, {1}),     norm(v, {-1}),
                        var(v),       norm(v, {1}, true, 0), argmax(v, 1, true)};
  });
  CHECK(got[0] == values{0, 4});
  CHECK(got[1] == values{8 * 1 * 5 * 6 * 7 * 7});
  CHECK(got[2] == values{1, 1, 1});
  CHECK(got[3] == values{0, 1});
  CHECK(std::abs(got[4][0] - std::log(std::exp(3.0) + std::exp(-4.0) + 1)) < 1e-6);
  CHECK(got[5] == values{5, 3});
  CHECK(std::abs(got[6][0] - 47.0 / 9) < 1e-5);
  CHECK(got[7] == values{2, 3});
  CHECK(got[8] == values{0, 1});
  auto const extremes = computed({2, 2}, {-infinity, -infinity, 1000, 1000},
                                 [](symbol v) { return list<symbol>{logsumexp(v, {1})}; });
  CHECK(extremes[0][0] == -infinity);
  CHECK(std::abs(extremes[0][1] - (1000 + std::log(2.0))) < 1e-3);
}

TEST_CASE("what orders and accumulates says what it needs", "[ops]") {
  CHECK(error_of([](symbol x) { return sort(x, 2); }) ==
        "argsort: axis 2 does not exist, extents 2x3 have axes 0 to 1");
  CHECK(error_of([](symbol x) { return cumsum(x, -3); }) ==
        "cumsum: axis -3 does not exist, extents 2x3 have axes 0 to 1");
  CHECK(error_of([](symbol x) { return top_k(x, 4).values; }) ==
        "top_k: k = 4 of extents 2x3: needs 1 to as many as the last axis has");
  CHECK(error_of([](symbol x) { return prod(x, {2}); }) == "prod: extents 2x3 have no axis 2");
}

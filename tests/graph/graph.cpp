// SPDX-License-Identifier: BSL-1.0
#include <typegrad/ops/contraction.hpp>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace typegrad;

constexpr symbol in(graph& g, extents const& e, dtype type = dtype::float32) {
  return build::input(g, "x", e, type);
}

TEST_CASE("equal nodes are one node") {
  graph g;
  auto const x = in(g, {4});
  auto const y = in(g, {4});
  CHECK(x.id() != y.id());
  auto const first = exp(x) + y;
  int const size = g.size();
  CHECK((exp(x) + y).id() == first.id());
  CHECK((y + exp(x)).id() == first.id());  // addition is commutative
  CHECK(g.size() == size);
  CHECK((x - y).id() != (y - x).id());
  CHECK(maximum(x, y).id() != maximum(y, x).id());  // whom a tie belongs to differs
}

TEST_CASE("nodes that differ in anything are different") {
  graph g;
  auto const x = in(g, {2, 3});
  CHECK(build::constant(g, 1).id() != build::constant(g, 2).id());
  CHECK(build::constant(g, 0.0).id() != build::constant(g, -0.0).id());
  CHECK(build::constant(g, 1).id() != build::constant(g, 1, dtype::int32).id());
  CHECK(build::constant(g, 1).id() == build::constant(g, 1).id());
  CHECK(sum(x, {0}).id() != sum(x, {1}).id());
  CHECK(sum(x, {0}).id() == sum(x, {-2}).id());
  CHECK(build::iota(g, {2, 3}, 0).id() != build::iota(g, {2, 3}, 1).id());
  CHECK(reshape(x, {6}).id() != reshape(x, {3, 2}).id());
  // every random value is its own, however equal
  CHECK(build::random_uniform(g, {3}, true).id() != build::random_uniform(g, {3}, true).id());
  CHECK(batch_sum(sum(x)).id() != sum(x).id());
}

TEST_CASE("many nodes are found again") {
  graph g;
  auto const x = in(g, {8});
  list<int> ids;
  symbol y = x;
  for (int i = 0; i < 600; ++i) ids.push_back((y = y * x + i).id());
  int const size = g.size();
  y = x;
  for (int i = 0; i < 600; ++i) CHECK((y = y * x + i).id() == ids[i]);
  CHECK(g.size() == size);
}

TEST_CASE("operands stand before the node that reads them") {
  graph g;
  auto const x = in(g, {3, 4});
  auto const y = sum(where(x > 0, exp(x), 2) / max(x, {1}, true));
  CHECK(y.rank() == 0);
  for (int id = 0; id < g.size(); ++id)
    for (int i = 0; i < g[id].operand_count; ++i) CHECK(g.operand(id, i) < id);
}

static_assert([] {  // extents, dtypes and samples of results
  graph g;
  auto const x = in(g, {2, 3});
  auto const k = in(g, {3, 5});
  auto const i = in(g, {3}, dtype::int32);
  bool ok = matmul(x, k).shape() == extents{2, 5};
  ok = ok && (x + i).type() == dtype::float32 && (i + 1).type() == dtype::int32;
  ok = ok && (i + 0.5).type() == dtype::float32 && (x < i).type() == dtype::boolean;
  ok = ok && (x + in(g, {2, 1})).shape() == extents{2, 3} && (x + in(g, {3})).rank() == 2;
  ok = ok && sum(x, {0}, true).shape() == extents{1, 3} && mean(x).shape() == extents{};
  ok = ok && argmax(x).shape() == extents{2} && argmax(x).type() == dtype::int32;
  ok = ok && transpose(x, {1, 0}).shape() == extents{3, 2};
  ok = ok && slice(x, {0, 1}, {2, 3}).shape() == extents{2, 2};
  ok = ok && slice(x, {0, 0}, {2, 3}, {1, 2}).shape() == extents{2, 2};
  ok = ok && pad(x, {1, 0}, {0, 2}).shape() == extents{3, 5};
  ok = ok && concatenate(x, x, x).shape() == extents{2, 9};
  ok = ok && x.per_sample() && !batch_sum(x).per_sample() && batch_sum(x).shape() == x.shape();
  ok = ok && !build::constant(g, 1).per_sample() && (x * 2).per_sample();
  return ok && !g.failed();
}());

static_assert([] {  // what does nothing adds nothing
  graph g;
  auto const x = in(g, {2, 3});
  int const size = g.size();
  bool const same = reshape(x, {2, 3}).id() == x.id() && transpose(x, {0, 1}).id() == x.id() &&
                    slice(x, {0, 0}, {2, 3}).id() == x.id() &&
                    pad(x, {0, 0}, {0, 0}).id() == x.id();
  return same && g.size() == size;
}());

// Diagnosis: the first sentence stays, the trace is poisoned, nothing is appended any more.
static_assert([] {
  graph g;
  g.scope.description = name_text{"layer 1, mine"};
  auto const x = in(g, {8});
  auto const bad = x + in(g, {9});
  int const size = g.size();
  auto const worse = reshape(exp(bad * 2), {77}) + x;
  auto const also = x + x;
  return !bad.valid() && !worse.valid() && !also.valid() && g.failed() && g.size() == size &&
         g.error.view() == "layer 1, mine: add: extents 8 and 9 do not broadcast";
}());

template <class F>
std::string error_of(F const& f) {
  graph g;
  f(g);
  return std::string(g.error.view());
}

TEST_CASE("each op says what it needs") {
  CHECK(error_of([](graph& g) { reshape(in(g, {12}), {5, 2}); }) ==
        "12 elements cannot become 5x2");
  CHECK(error_of([](graph& g) { matmul(in(g, {3}), in(g, {4, 2})); }) ==
        "matmul: extents 3 and 4x2 do not fit");
  CHECK(error_of([](graph& g) { matmul(in(g, {}), in(g, {4, 2})); }) ==
        "matmul: needs vectors or matrices, got extents scalar and 4x2");
  CHECK(error_of([](graph& g) { sum(in(g, {3, 2}), {2}); }) == "sum: extents 3x2 have no axis 2");
  CHECK(error_of([](graph& g) { transpose(in(g, {3, 2}), {0, 0}); }) ==
        "transpose: needs each of the 2 axes once");
  CHECK(error_of([](graph& g) { slice(in(g, {3}), {1}, {4}); }) ==
        "slice: from 1 to 4 does not lie within extents 3");
  CHECK(error_of([](graph& g) { concatenate(in(g, {3, 2}), in(g, {2, 2})); }) ==
        "concatenate: extents 3x2 and 2x2 do not fit along axis 1");
  CHECK(error_of([](graph& g) { where(in(g, {3}) > 0, in(g, {2}), in(g, {2})); }) ==
        "where: extents 3, 2 and 2 do not broadcast");
  CHECK(error_of([](graph& g) { pow(in(g, {3}), in(g, {2})); }) ==
        "power: extents 3 and 2 do not broadcast");
}

TEST_CASE("a symbol that was never given a value poisons what is computed with it") {
  graph g;
  auto const x = in(g, {3});
  symbol const none;
  CHECK_FALSE(none.valid());
  CHECK_FALSE(exp(none).valid());
  CHECK_FALSE((x + none).valid());
  CHECK_FALSE((none + x).valid());
  CHECK_FALSE(matmul(x, none).valid());
  CHECK_FALSE(sum(none).valid());
  CHECK(none.shape() == extents{});
}

}  // namespace

// SPDX-License-Identifier: BSL-1.0
#include <typegrad/graph/weights.hpp>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace typegrad;

struct constant_three {
  constexpr operator initializer() const { return {.a = 3}; }
};

static_assert([] {
  graph g;
  g.scope.path = name_text{"block/dense"};
  weights add{g};
  auto const kernel = add("kernel", {3, 4}, constant_three{}, regularizer{.l2 = 0.5F});
  g.trainable = false;
  auto const bias = add("bias", {4}, initializer{});
  g.scope.path = {};
  g.trainable = true;
  auto const state = add("mean", {4}, initializer{}, {}, false);
  bool ok = g.weights.size() == 3 && kernel.shape() == extents{3, 4} && !kernel.per_sample();
  ok = ok && g.weights[0].path.view() == "block/dense/kernel" && g.weights[0].initial.a == 3;
  ok = ok && g.weights[0].l2 == 0.5F && g.weights[0].l1 == 0 && g.weights[0].trainable;
  ok = ok && g.weights[1].path.view() == "block/dense/bias" && !g.weights[1].trainable;
  ok = ok && g.weights[2].path.view() == "mean" && !g.weights[2].trainable;
  return ok && bias.info().index == 1 && bias.id() != state.id() && !g.failed();
}());

TEST_CASE("a weight needs positive extents") {
  graph g;
  weights add{g};
  CHECK_FALSE(add("kernel", {3, 0}, initializer{}).valid());
  CHECK(g.error.view() == "weight kernel needs positive extents, got 3x0");
  CHECK_FALSE(add("bias", {3}, initializer{}).valid());
  CHECK(g.weights.empty());
}

TEST_CASE("names are counted within their scope") {
  graph g;
  CHECK(g.count_name(name_text{"dense"}) == 0);
  CHECK(g.count_name(name_text{"dense"}) == 1);
  CHECK(g.count_name(name_text{"flatten"}) == 0);
  g.scope.path = name_text{"block"};
  CHECK(g.count_name(name_text{"dense"}) == 0);
  g.scope.path = {};
  CHECK(g.count_name(name_text{"dense"}) == 2);
}

}  // namespace

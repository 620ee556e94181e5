// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/ops/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <string>
#include <vector>

// Reductions over every set of axes, of one sample or over the batch, against plain loops.

namespace {

using namespace typegrad;
using reference::values;

/// What `code` makes of numbers in order.
double reduced(op code, values const& x) {
  std::size_t best = 0;
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i];
    bool const greatest = code == op::reduce_max || code == op::argmax;
    if (greatest ? x[i] > x[best] : x[i] < x[best]) best = i;
  }
  if (code == op::reduce_sum) return sum;
  return code == op::argmax || code == op::argmin ? static_cast<double>(best) : x[best];
}

values expected(op code, extents const& shape, values const& x, axis_list const& axes,
                bool over_batch, std::int64_t batch) {
  extents kept;
  for (int i = 0; i < shape.rank; ++i)
    if (!axes.contains(i)) kept.push_back(shape[i]);
  std::int64_t const results = kept.count() * (over_batch ? 1 : batch);
  std::vector<values> groups(static_cast<std::size_t>(results));
  for (std::int64_t s = 0; s < batch; ++s)
    for (std::int64_t e = 0; e < shape.count(); ++e) {
      std::int64_t rest = e;
      std::int64_t to = 0;
      std::int64_t unit = 1;
      for (int i = shape.rank - 1; i >= 0; --i) {
        if (!axes.contains(i)) {
          to += rest % shape[i] * unit;
          unit *= shape[i];
        }
        rest /= shape[i];
      }
      groups[static_cast<std::size_t>((over_batch ? 0 : s * kept.count()) + to)].push_back(
          x[static_cast<std::size_t>(s * shape.count() + e)]);
    }
  values out;
  for (values const& group : groups) out.push_back(reduced(code, group));
  return out;
}

void check_all(extents const& shape, std::int64_t batch) {
  values x(static_cast<std::size_t>(shape.count() * batch));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = std::round(10 * std::sin(static_cast<double>(i) * 2.3));
  for (int set = 0; set < 1 << shape.rank; ++set)
    for (bool const over_batch : {false, true})
      for (op const code :
           {op::reduce_sum, op::reduce_max, op::reduce_min, op::argmax, op::argmin}) {
        axis_list axes;
        for (int i = 0; i < shape.rank; ++i)
          if ((set & 1 << i) != 0) axes.push_back(i);
        bool const arg = code == op::argmax || code == op::argmin;
        if (arg && (axes.size() != 1 || over_batch)) continue;
        if (axes.size() == 0 && !over_batch) continue;
        graph g;
        symbol const in = build::input(g, "x", shape);
        symbol const y = build::reduce(code, in, axes, over_batch);
        g.outputs.push_back(y.id());
        reference::bindings b;
        b.batch_size = batch;
        b.inputs = {x};
        INFO(info(code).name << " of " << to_text(shape).view() << ", axes " << set
                             << ", over batch " << over_batch);
        CHECK(y.per_sample() == !over_batch);
        CHECK(y.type() == (arg ? dtype::int32 : dtype::float32));
        REQUIRE(reference::evaluate<double>(g, b)[0] ==
                expected(code, shape, x, axes, over_batch, batch));
      }
}

constexpr extents shape_of(extents const& from, axis_list axes, bool keep_dims = false) {
  graph g;
  return sum(build::input(g, "x", from), axes, keep_dims).shape();
}
static_assert(shape_of({2, 3, 4}, {}) == extents{} && shape_of({2, 3, 4}, {1}) == extents{2, 4});
static_assert(shape_of({2, 3, 4}, {-1}) == extents{2, 3} && shape_of({2, 3}, {0, -1}) == extents{});
static_assert(shape_of({2, 3, 4}, {-2}, true) == extents{2, 1, 4});
static_assert(shape_of({2, 3, 4}, {}, true) == extents{1, 1, 1} && shape_of({}, {}) == extents{});
static_assert(shape_of({2, 3}, {0, 0}) == extents{3});

}  // namespace

TEST_CASE("reductions over every set of axes", "[ops]") {
  for (std::int64_t batch = 1; batch <= 5; ++batch) {
    check_all({}, batch);
    check_all({7}, batch);
    check_all({1}, batch);
    check_all({3, 5}, batch);
    check_all({1, 4}, batch);
    check_all({2, 1, 3}, batch);
    check_all({3, 2, 2, 3}, batch);
  }
}

TEST_CASE("means, and reductions of what is shared", "[ops]") {
  graph g;
  symbol const x = build::input(g, "x", {2, 2});
  symbol const s = build::input(g, "s", {2}, dtype::float32, false);
  for (symbol const y : {mean(x), mean(x, {0}), batch_mean(x), batch_mean(mean(x)), batch_sum(s),
                         batch_mean(s), mean(s)})
    g.outputs.push_back(y.id());
  reference::bindings b;
  b.batch_size = 2;
  b.inputs = {{1, 2, 3, 4, 5, 6, 7, 8}, {10, 20}};
  auto const got = reference::evaluate<float>(g, b);
  CHECK(got[0] == values{2.5, 6.5});
  CHECK(got[1] == values{2, 3, 6, 7});
  CHECK(got[2] == values{3, 4, 5, 6});
  CHECK(got[3] == values{4.5});
  CHECK(got[4] == values{10, 20});  // already shared
  CHECK(got[5] == values{10, 20});
  CHECK(got[6] == values{15});
}

TEST_CASE("an extremum is NaN if one of the values is, and its position the first NaN's", "[ops]") {
  double const nan = std::nan("");
  graph g;
  symbol const x = build::input(g, "x", {4});
  for (symbol const y : {max(x), min(x), argmax(x), argmin(x)}) g.outputs.push_back(y.id());
  reference::bindings b;
  b.inputs = {{3, nan, 5, nan}};
  auto const got = reference::evaluate<float>(g, b);
  CHECK(std::isnan(got[0][0]));
  CHECK(std::isnan(got[1][0]));
  CHECK(got[2] == values{1});
  CHECK(got[3] == values{1});
}

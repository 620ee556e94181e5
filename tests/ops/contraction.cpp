// SPDX-License-Identifier: BSL-1.0
#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <string>
#include <vector>

// dot_general in every combination: which axes pair up and how, who has samples, and whether they
// are contracted as well. Values by a sum written out over subscripts, gradients by differences.

namespace {

using namespace typegrad;
using reference::values;

/// Axis i of the left operand goes with axis `partner[i]` of the right one (-1: with none), and is
/// contracted, or a batch axis.
struct pairing {
  std::vector<int> partner;
  std::vector<bool> contracted;
};

std::vector<pairing> pairings(extents const& a, extents const& b) {
  std::vector<pairing> all{{}};
  for (int i = 0; i < a.rank; ++i) {
    std::vector<pairing> longer;
    for (pairing const& p : all) {
      auto const with = [&](int j, bool contracted) {
        pairing q = p;
        q.partner.push_back(j);
        q.contracted.push_back(contracted);
        longer.push_back(q);
      };
      with(-1, false);
      for (int j = 0; j < b.rank; ++j) {
        bool taken = a[i] != b[j];
        for (int const k : p.partner) taken = taken || k == j;
        if (taken) continue;
        with(j, true);
        with(j, false);
      }
    }
    all = longer;
  }
  return all;
}

build::dot_axes axes_of(pairing const& p, bool over_batch) {
  build::dot_axes axes;
  axes.over_batch = over_batch;
  for (int i = 0; i < static_cast<int>(p.partner.size()); ++i) {
    int const j = p.partner[static_cast<std::size_t>(i)];
    if (j < 0) continue;
    bool const contracted = p.contracted[static_cast<std::size_t>(i)];
    (contracted ? axes.contract_a : axes.batch_a).push_back(i);
    (contracted ? axes.contract_b : axes.batch_b).push_back(j);
  }
  return axes;
}

std::int64_t place(std::vector<std::int64_t> const& at, extents const& shape) {
  std::int64_t e = 0;
  for (int i = 0; i < shape.rank; ++i) e = e * shape[i] + at[static_cast<std::size_t>(i)];
  return e;
}

/// Calls f with every index of a space.
template <class F>
void each(std::vector<std::int64_t> const& lengths, F const& f) {
  std::vector<std::int64_t> at(lengths.size(), 0);
  while (true) {
    f(at);
    std::size_t i = lengths.size();
    while (i > 0 && ++at[i - 1] == lengths[i - 1]) at[--i] = 0;
    if (i == 0) return;
  }
}

/// The product by a sum over all subscripts: those of a, then those of b without a partner.
values written_out(extents const& a, extents const& b, values const& x, values const& y,
                   pairing const& p, bool samples_a, bool samples_b, bool over_batch,
                   std::int64_t batch) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t const n : a) lengths.push_back(n);
  std::vector<int> of_b(static_cast<std::size_t>(b.rank), -1);  // which subscript each axis has
  for (int i = 0; i < a.rank; ++i)
    if (int const j = p.partner[static_cast<std::size_t>(i)]; j >= 0)
      of_b[static_cast<std::size_t>(j)] = i;
  for (int j = 0; j < b.rank; ++j)
    if (of_b[static_cast<std::size_t>(j)] < 0) {
      of_b[static_cast<std::size_t>(j)] = static_cast<int>(lengths.size());
      lengths.push_back(b[j]);
    }
  // result axes: batch axes, the left one's, the right one's
  std::vector<std::size_t> kept;
  for (int pass = 0; pass < 2; ++pass)
    for (std::size_t i = 0; i < p.partner.size(); ++i)
      if (!p.contracted[i] && (p.partner[i] >= 0) == (pass == 0)) kept.push_back(i);
  for (std::size_t i = p.partner.size(); i < lengths.size(); ++i) kept.push_back(i);
  extents result;
  for (std::size_t const i : kept) result.push_back(lengths[i]);
  bool const samples = (samples_a || samples_b) && !over_batch;
  values out(static_cast<std::size_t>(result.count() * (samples ? batch : 1)), 0.0);
  std::int64_t const summed = samples || over_batch ? batch : 1;
  for (std::int64_t s = 0; s < summed; ++s)
    each(lengths, [&](std::vector<std::int64_t> const& at) {
      std::vector<std::int64_t> in_a(at.begin(), at.begin() + a.rank), in_b, in_c;
      for (int const i : of_b) in_b.push_back(at[static_cast<std::size_t>(i)]);
      for (std::size_t const i : kept) in_c.push_back(at[i]);
      out[static_cast<std::size_t>((samples ? s * result.count() : 0) + place(in_c, result))] +=
          x[static_cast<std::size_t>((samples_a ? s * a.count() : 0) + place(in_a, a))] *
          y[static_cast<std::size_t>((samples_b ? s * b.count() : 0) + place(in_b, b))];
    });
  return out;
}

values some(std::int64_t count, int salt) {
  values v(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = std::round(16 * std::sin(static_cast<double>(i + 1) * 1.7 + salt)) / 8;
  return v;
}

/// Returns how many combinations there were.
int check_all(extents const& a, extents const& b, std::int64_t batch) {
  int combinations = 0;
  for (pairing const& p : pairings(a, b))
    for (int flags = 0; flags < 8; ++flags) {
      bool const samples_a = (flags & 1) != 0;
      bool const samples_b = (flags & 2) != 0;
      bool const over_batch = (flags & 4) != 0;
      if (over_batch && !(samples_a && samples_b)) continue;
      ++combinations;
      graph g;
      symbol const x = build::input(g, "x", a, dtype::float32, samples_a);
      symbol const y = build::input(g, "y", b, dtype::float32, samples_b);
      symbol const product = build::dot_general(x, y, axes_of(p, over_batch));
      reference::bindings in;
      in.batch_size = batch;
      in.inputs = {some(a.count() * (samples_a ? batch : 1), 1),
                   some(b.count() * (samples_b ? batch : 1), 2)};
      // the objective is linear in each operand, so one difference of any size is the slope
      symbol const position = cast(build::iota(g, {product.shape().count()}, 0), dtype::float32);
      symbol const weighted = build::reshape(product, {product.shape().count()}) * (position + 1);
      list<int> const gradients =
          differentiate(g, batch_sum(sum(weighted)), list<int>{x.id(), y.id()});
      REQUIRE(!g.failed());
      g.outputs =
          list<int>{product.id(), batch_sum(sum(weighted)).id(), gradients[0], gradients[1]};
      auto const found = reference::evaluate<double>(g, in);
      INFO("extents " << to_text(a).view() << " and " << to_text(b).view() << ", flags " << flags);
      REQUIRE(found[0] == written_out(a, b, in.inputs[0], in.inputs[1], p, samples_a, samples_b,
                                      over_batch, batch));
      for (std::size_t i = 0; i < 2; ++i) {
        REQUIRE(found[2 + i].size() == in.inputs[i].size());
        reference::bindings moved = in;
        double expected = 0;
        for (std::size_t e = 0; e < moved.inputs[i].size(); ++e) {
          double const d = static_cast<double>(e % 5) - 2;
          moved.inputs[i][e] += d;
          expected += d * found[2 + i][e];
        }
        double const slope = reference::evaluate<double>(g, moved)[1][0] - found[1][0];
        REQUIRE(std::abs(slope - expected) <= 1e-9 * (1 + std::abs(slope)));
      }
    }
  return combinations;
}

}  // namespace

TEST_CASE("products in every combination of axes and samples", "[ops]") {
  CHECK(check_all({}, {}, 3) == 5);
  CHECK(check_all({3}, {3}, 4) == 3 * 5);
  CHECK(check_all({2, 3}, {3}, 2) == 3 * 5);
  CHECK(check_all({2, 3}, {3, 2}, 3) == 9 * 5);
  CHECK(check_all({1, 3}, {3, 1}, 5) == 9 * 5);
  CHECK(check_all({2, 2}, {2, 2}, 2) == 17 * 5);
  CHECK(check_all({2, 1, 3}, {3, 2, 1}, 1) == 27 * 5);
  CHECK(check_all({2, 2, 3}, {2, 3, 2}, 2) == 51 * 5);
}

TEST_CASE("matmul is NumPy's", "[ops]") {
  graph g;
  auto const of = [&](extents const& e) { return build::input(g, "x", e); };
  CHECK(matmul(of({4}), of({4})).shape() == extents{});
  CHECK(matmul(of({4}), of({4, 3})).shape() == extents{3});
  CHECK(matmul(of({2, 4}), of({4})).shape() == extents{2});
  CHECK(matmul(of({5, 2, 4}), of({4, 3})).shape() == extents{5, 2, 3});
  CHECK(matmul(of({5, 2, 4}), of({5, 4, 3})).shape() == extents{5, 2, 3});
  CHECK(matmul(of({6, 5, 2, 4}), of({6, 5, 4, 3})).shape() == extents{6, 5, 2, 3});
  CHECK(!g.failed());
  matmul(of({5, 2, 4}), of({6, 4, 3}));
  CHECK(g.error.view() == "matmul: the leading axes of extents 5x2x4 and 6x4x3 do not broadcast");
}

TEST_CASE("products of integers are integers, of truth values too", "[ops]") {
  graph g;
  symbol const x = build::input(g, "x", {3}, dtype::int32);
  symbol const p = build::input(g, "p", {3}, dtype::boolean);
  CHECK(matmul(x, x).type() == dtype::int32);
  CHECK(matmul(x, p).type() == dtype::int32);
  CHECK(matmul(p, p).type() == dtype::int32);
  CHECK(matmul(x, build::input(g, "f", {3})).type() == dtype::float32);
}

TEST_CASE("a product has at most 8 axes, and axes that are there", "[ops]") {
  graph g;
  symbol const x = build::input(g, "x", {1, 1, 1, 1, 2});
  build::dot_general(x, x, {});
  CHECK(g.error.view() ==
        "matmul: the product of extents 1x1x1x1x2 and 1x1x1x1x2 has more than 8 axes");
  graph h;
  symbol const y = build::input(h, "y", {2});
  build::dot_axes axes;
  axes.contract_a = {1};
  axes.contract_b = {0};
  CHECK(!build::dot_general(y, y, axes).valid());
}

// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <vector>

// What is not covered by values.cpp: functions that order, gather, accumulate and contract.

namespace {

namespace tg = typegrad;

template <class E>
auto list_of(E const& e) {
  auto const x = tg::evaluate(e);
  return std::vector<typename decltype(x)::value_type>(x.begin(), x.end());
}
using floats = std::vector<float>;
using ints = std::vector<int>;

tg::tensor<float, 2, 3> const x{{3, 1, 2}, {-1, 5, 5}};

}  // namespace

TEST_CASE("functions: elements by their index", "[expressions]") {
  tg::tensor<int, 2> const rows{1, -2};
  CHECK(list_of(tg::take(x, rows)) == floats{-1, 5, 5, 3, 1, 2});
  CHECK(list_of(tg::gather<1>(x, rows)) == floats{1, 1, 5, 5});
  tg::tensor<int, 2, 1> const last{{2}, {0}};
  CHECK(list_of(tg::take_along_axis(x, last)) == floats{2, -1});
  tg::tensor<int, 4> const to{0, 2, 2, 1};
  tg::tensor<float, 4> const values{1, 2, 3, 4};
  CHECK(list_of(tg::scatter_add(tg::shape<3>{}, to, values)) == floats{1, 4, 5});
  CHECK(list_of(tg::one_hot<3>(tg::tensor<int, 2>{2, 0})) == floats{0, 0, 1, 1, 0, 0});
  // an embedding of rows of tokens, and its gradient
  tg::tensor<float, 4, 2> const table{{0, 1}, {2, 3}, {4, 5}, {6, 7}};
  tg::tensor<int, tg::dynamic, 2> const tokens{{3, 0}, {3, 1}, {2, 3}};
  CHECK(list_of(tg::sum<1>(tg::take(table, tokens))) == floats{6, 8, 8, 10, 10, 12});
  auto const loss = [&](auto t) { return tg::sum(tg::take(t, tokens)); };
  CHECK(list_of(tg::gradient(loss)(table)) == floats{1, 1, 1, 1, 1, 1, 3, 3});
}

TEST_CASE("functions: order", "[expressions]") {
  CHECK(list_of(tg::sort(x)) == floats{1, 2, 3, -1, 5, 5});
  CHECK(list_of(tg::sort<0, true>(x)) == floats{3, 5, 5, -1, 1, 2});
  CHECK(list_of(tg::argsort(x)) == ints{1, 2, 0, 0, 1, 2});
  auto const [values, positions] = tg::top_k<2>(x);
  CHECK(list_of(values) == floats{3, 2, 5, 5});
  CHECK(list_of(positions) == ints{0, 2, 1, 2});
  auto const weighted = [](auto v) {
    return tg::sum(tg::sort(v) * tg::tensor<float, 3>{1, 10, 100});
  };
  CHECK(list_of(tg::gradient(weighted)(x)) == floats{100, 1, 10, 1, 10, 100});
}

TEST_CASE("functions: sums and products along an axis", "[expressions]") {
  CHECK(list_of(tg::cumsum(x)) == floats{3, 4, 6, -1, 4, 9});
  CHECK(list_of(tg::cumsum<0, true>(x)) == floats{2, 6, 7, -1, 5, 5});
  CHECK(list_of(tg::cumsum<1, false, true>(x)) == floats{0, 3, 4, 0, -1, 4});
  CHECK(list_of(tg::cumprod(x)) == floats{3, 3, 6, -1, -5, -25});
  CHECK(list_of(tg::prod<1>(x)) == floats{6, -25});
  CHECK(tg::evaluate(tg::prod(x)) == -150);
  CHECK(list_of(tg::any<0>(x > 2)) == std::vector<bool>{true, true, true});
  CHECK(list_of(tg::all<0>(x > 0)) == std::vector<bool>{false, true, true});
  tg::tensor<float, 2> const large{1000, 1001};
  CHECK(std::abs(tg::evaluate(tg::logsumexp(large)) - 1001.3132617f) < 1e-3f);
  CHECK(tg::evaluate(tg::logsumexp(tg::full<float, 2>(-std::numeric_limits<float>::infinity()))) ==
        -std::numeric_limits<float>::infinity());
}

TEST_CASE("functions: products of arrays", "[expressions]") {
  tg::tensor<float, 3, 2> const w{{1, 0}, {0, 1}, {1, 1}};
  CHECK(list_of(tg::einsum<"ij,jk->ik">(x, w)) == list_of(tg::matmul(x, w)));
  CHECK(list_of(tg::einsum<"ij->ji">(x)) == list_of(tg::transpose(x)));
  CHECK(list_of(tg::einsum<"ij->j">(x)) == floats{2, 6, 7});
  CHECK(tg::evaluate(tg::einsum<"ij,ij->">(x, x)) == 9 + 1 + 4 + 1 + 25 + 25);
  CHECK(list_of(tg::outer(tg::tensor<float, 2>{1, 2}, tg::tensor<float, 2>{3, 4})) ==
        floats{3, 4, 6, 8});
  CHECK(tg::evaluate(tg::dot(tg::tensor<float, 2>{1, 2}, tg::tensor<float, 2>{3, 4})) == 11);
  CHECK(list_of(tg::tensordot<1>(x, w)) == list_of(tg::matmul(x, w)));
  auto const batches = tg::evaluate(reshape(tg::arange<float, 12>(), tg::shape<2, 2, 3>{}));
  CHECK(list_of(tg::matmul(batches, w)) == list_of(tg::einsum<"bij,jk->bik">(batches, w)));
  tg::tensor<float, tg::dynamic, 3> const rows{{1, 2, 3}, {4, 5, 6}};
  CHECK(list_of(tg::einsum<"nj,jk->nk">(rows, w)) == list_of(tg::matmul(rows, w)));
  CHECK(list_of(tg::einsum<"nj,nj->n">(rows, rows)) == floats{14, 77});
}

TEST_CASE("functions: more movement", "[expressions]") {
  CHECK(list_of(tg::roll<1, 1>(x)) == floats{2, 3, 1, 5, -1, 5});
  CHECK(list_of(tg::repeat<2, 1>(x)) == floats{3, 3, 1, 1, 2, 2, -1, -1, 5, 5, 5, 5});
  CHECK(list_of(tg::tile<1, 2>(x)) == floats{3, 1, 2, 3, 1, 2, -1, 5, 5, -1, 5, 5});
  CHECK(list_of(tg::swapaxes<0, 1>(x)) == list_of(tg::transpose(x)));
  CHECK(list_of(tg::moveaxis<0, -1>(x)) == list_of(tg::transpose(x)));
  CHECK(list_of(tg::pad<tg::pad_mode::reflect>(x, tg::shape<0, 1>{}, tg::shape<0, 1>{})) ==
        floats{1, 3, 1, 2, 1, 5, -1, 5, 5, 5});
}

TEST_CASE("functions: mathematics against the C library", "[expressions]") {
  tg::tensor<double, 3> const v{0.3, 0.7, 0.9};
  auto const check = [&](auto const& e, double (*wanted)(double)) {
    auto const got = list_of(e);
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(got[i] - wanted(v.data()[i])) < 1e-12);
  };
  check(tg::tan(v), std::tan);
  check(tg::asin(v), std::asin);
  check(tg::acos(v), std::acos);
  check(tg::atan(v), std::atan);
  check(tg::sinh(v), std::sinh);
  check(tg::cosh(v), std::cosh);
  check(tg::asinh(v), std::asinh);
  check(tg::atanh(v), std::atanh);
  check(tg::acosh(v + 1), [](double a) { return std::acosh(a + 1); });
  check(tg::exp2(v), std::exp2);
  check(tg::log2(v), std::log2);
  check(tg::log10(v), std::log10);
  check(tg::atan2(v, 2 * v - 1), [](double a) { return std::atan2(a, 2 * a - 1); });
  CHECK(list_of(tg::floor_divide(x, 2)) == floats{1, 0, 1, -1, 2, 2});
  CHECK(list_of(tg::mod(x, 2)) == floats{1, 1, 0, 1, 1, 1});
  CHECK(list_of(tg::isnan(tg::log(x - 4) * 0)) ==
        std::vector<bool>{true, true, true, true, false, false});
  CHECK(list_of(tg::isinf(1 / (x - 5))) ==
        std::vector<bool>{false, false, false, false, true, true});
}

TEST_CASE("functions: what is dear is computed once, if it is the same", "[expressions]") {
  tg::tensor<float, 3> const a{1, 2, 3}, b{4, 5, 6};
  auto const y = tg::exp(a * 0.1f);
  auto const z = tg::exp(b * 0.1f);
  auto const same = tg::evaluate(y * y);
  auto const different = tg::evaluate(y * z);
  for (int i = 0; i < 3; ++i) {
    CHECK(std::abs(same(i) - std::exp(0.2f * a(i))) < 1e-5f);
    CHECK(std::abs(different(i) - std::exp(0.1f * (a(i) + b(i)))) < 1e-5f);
  }
}

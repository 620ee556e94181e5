// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/nn.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

// Embedding, einsum_dense, lambda, permute, repeat_vector, and merging along axes: Keras's numbers,
// and what is wrong in one sentence.

namespace {

namespace tg = typegrad;
using tg::axis;
using tg::bias_axes;
using tg::dtype;
using tg::einsum_dense;
using tg::embedding;
using tg::extents;
using tg::output_extents;
using tg::symbol;

/// Value and gradients of f, a layer or a function on symbols, against a case of make_layers.py.
template <class F>
void compare(std::string const& name, F&& f, dtype type = dtype::float32) {
  INFO(name);
  auto const& file = oracle::open("layers");
  tg::graph g;
  std::vector<symbol> x;
  std::vector<oracle::values> given;
  std::vector<std::string> wanted_names;
  tg::list<int> wanted;
  for (std::string input = "x"; file.contains(name + "/" + input);
       input = "x_" + std::to_string(x.size())) {
    extents shape;
    auto const dims = file.at(name + "/" + input).shape;
    for (std::size_t i = 1; i < dims.size(); ++i)
      shape.push_back(static_cast<std::int64_t>(dims[i]));
    x.push_back(tg::build::input(g, input, shape, type));
    given.push_back(oracle::load("layers", name + "/" + input));
    if (!file.contains(name + "/d" + input)) continue;
    wanted.push_back(x.back().id());
    wanted_names.push_back("d" + input);
  }
  symbol y;
  if constexpr (std::is_invocable_v<F&, symbol>)
    y = f(x[0]);
  else if constexpr (std::is_invocable_v<F&, symbol, symbol>)
    y = f(x[0], x[1]);
  else
    y = f(x[0], x[1], x[2]);
  REQUIRE(std::string(g.error.view()) == "");
  std::vector<oracle::values> weights;
  for (int id = 0, size = g.size(); id < size; ++id) {
    if (g[id].code != tg::op::weight) continue;
    std::string const path(g.weights[g[id].index].path.view());
    std::string const own = path.substr(path.rfind('/') + 1);
    REQUIRE(file.at(name + "/" + own).shape.size() ==
            static_cast<std::size_t>(g.weights[g[id].index].shape.rank));
    weights.push_back(oracle::load("layers", name + "/" + own));
    wanted.push_back(id);
    wanted_names.push_back("d_" + own);
  }
  symbol const cotangent = tg::build::input(g, "cotangent", y.shape());
  given.push_back(oracle::load("layers", name + "/cotangent"));
  symbol const objective = tg::sum(y * cotangent);
  g.outputs.push_back(y.id());
  for (int const id : tg::differentiate(g, objective, wanted)) {
    REQUIRE(id >= 0);
    g.outputs.push_back(id);
  }
  auto const got = oracle::run(g, 3, given, weights);
  oracle::check_close(got[0], oracle::load("layers", name + "/y"));
  for (std::size_t i = 0; i < wanted_names.size(); ++i) {
    INFO(wanted_names[i]);
    oracle::check_close(got[i + 1], oracle::load("layers", name + "/" + wanted_names[i]));
  }
}

/// What is wrong with a layer or a function of values of these extents; empty if nothing is.
template <class F, class... Extents>
std::string error_of(F&& f, Extents const&... shapes) {
  tg::graph g;
  static_cast<void>(f(tg::build::input(g, "x", shapes)...));
  return std::string(g.error.view());
}

TEST_CASE("embedding") {
  compare("embedding", embedding<7, 4>{}, dtype::int32);
  compare("embedding_of_floats", embedding<7, 4>{});
  tg::graph const g =
      tg::trace<tg::sequential<tg::input<dtype::int32>, embedding<2, 1>, tg::flatten>>();
  // beyond the ends the last vector there, below 0 from the end
  CHECK(oracle::run(g, 6, {{0, 1, 2, 100, -1, -2}}, {{5, 6}})[0] ==
        oracle::values{5, 6, 6, 6, 6, 5});
}

template <auto... Options>
tg::weight_info table_of() {
  tg::graph g;
  embedding<3, 2, Options...>{}(tg::build::input(g, "x", {4}, dtype::int32));
  REQUIRE(std::string(g.error.view()) == "");
  return g.weights[0];
}

TEST_CASE("embedding takes an initializer and a regularizer, by name or by themselves") {
  CHECK(std::string(table_of<>().path.view()) == "embedding/embeddings");
  CHECK(table_of<>().initial == tg::initializer(tg::random_uniform{-0.05F, 0.05F}));
  auto const named =
      table_of<tg::embeddings_regularizer(tg::l2(0.5F)), tg::embeddings_initializer(tg::ones{})>();
  auto const bare = table_of<tg::ones{}, tg::l2(0.5F)>();
  CHECK(named.initial == tg::initializer(tg::ones{}));
  CHECK(bare.initial == named.initial);
  CHECK(named.l2 == 0.5F);
  CHECK(bare.l2 == 0.5F);
  CHECK(error_of(embedding<3, 2, tg::relu>{}, extents{4}) ==
        "embedding: option 1 (activation) is not one that embedding takes");
  CHECK(error_of(embedding<3, 2, tg::ones{}, tg::embeddings_initializer(tg::ones{})>{},
                 extents{4}) == "embedding: option 2 (embeddings_initializer) repeats option 1");
  CHECK(error_of(embedding<0, 2>{}, extents{4}) == "embedding: input_dim must be positive, got 0");
  CHECK(error_of(embedding<2, -1>{}, extents{4}) ==
        "embedding: output_dim must be positive, got -1");
}

TEST_CASE("permute and repeat_vector") {
  compare("permute_3_1_2", tg::permute<3, 1, 2>{});
  compare("repeat_vector_3", tg::repeat_vector<3>{});
  CHECK(error_of(tg::permute<2, 2>{}, extents{3, 4}) ==
        "permute: needs the axes 1 to 2 of extents 3x4, each once, got 2, 2; they count from 1, "
        "without the batch axis");
  CHECK(error_of(tg::permute<1, 0>{}, extents{3, 4}) ==
        "permute: needs the axes 1 to 2 of extents 3x4, each once, got 1, 0; they count from 1, "
        "without the batch axis");
  CHECK(error_of(tg::permute<2, 1>{}, extents{3, 4, 5}) ==
        "permute: needs the axes 1 to 3 of extents 3x4x5, each once, got 2, 1; they count from 1, "
        "without the batch axis");
  CHECK(error_of(tg::repeat_vector<2>{}, extents{3, 4}) ==
        "repeat_vector: needs a vector, got extents 3x4; put flatten before it");
  CHECK(error_of(tg::repeat_vector<0>{}, extents{3}) ==
        "repeat_vector: must repeat once or more, got 0");
}

struct halved {
  constexpr symbol operator()(symbol x) const { return 0.5 * x; }
};
constexpr symbol plus_one(symbol x) { return x + 1; }

TEST_CASE("lambda") {
  using net = tg::sequential<tg::input<2>, tg::lambda<[](symbol x) { return x * x; }>,
                             tg::lambda<halved{}>, tg::lambda<plus_one>>;
  auto const g = tg::trace<net>();
  CHECK(oracle::run(g, 1, {{3, -4}})[0] == oracle::values{5.5, 9});
  CHECK(std::string(g.layers[1].scope.path.view()) == "lambda_1");
  tg::lambda<[](symbol a, symbol b) { return a - b; }> difference;
  tg::graph two;
  symbol const left = tg::build::input(two, "left", {2});
  symbol const right = tg::build::input(two, "right", {2});
  two.outputs.push_back(difference(left, right).id());
  CHECK(oracle::run(two, 1, {{5, 7}, {1, 2}})[0] == oracle::values{4, 5});
  CHECK(error_of(tg::lambda<[](symbol a, symbol b) { return a - b; }>{}, extents{3}) ==
        "lambda: has no call that takes 1 symbol; write a public `constexpr symbol call(symbol)`");
  CHECK(error_of(tg::lambda<[](symbol) {}>{}, extents{3}) == "lambda: call must return a symbol");
}

TEST_CASE("concatenate and dot along axes") {
  compare("concatenate_1",
          [](symbol a, symbol b, symbol c) { return concatenate(axis(0), a, b, c); });
  compare("concatenate_-1",
          [](symbol a, symbol b, symbol c) { return concatenate(axis(-1), a, b, c); });
  compare("dot_vectors", [](symbol a, symbol b) { return dot(axis(0), a, b); });
  compare("dot_vectors_normalize",
          [](symbol a, symbol b) { return dot(axis(-1), tg::normalize, a, b); });
  compare("dot_-1", [](symbol a, symbol b) { return dot(axis(-1), a, b); });
  compare("dot_1_2", [](symbol a, symbol b) { return dot(axis(0, -1), a, b); });
  compare("dot_2_1_normalize",
          [](symbol a, symbol b) { return dot(axis(1, 0), tg::normalize, a, b); });
}

TEST_CASE("a shared value is concatenated and multiplied for every sample; dtypes are joined") {
  tg::graph g;
  symbol const x = tg::build::input(g, "x", {2});
  symbol const whole = tg::build::input(g, "n", {1}, dtype::int32);
  symbol const shared = tg::build::constant(g, 3, dtype::float32, {2});
  symbol const all = concatenate(axis(0), whole, x, shared);
  CHECK(all.type() == dtype::float32);
  g.outputs.push_back(all.id());
  g.outputs.push_back(dot(axis(0), x, shared).id());
  auto const y = oracle::run(g, 2, {{1, 0.5, 2, 1}, {4, 5}});
  CHECK(y[0] == oracle::values{4, 1, 0.5, 3, 3, 5, 2, 1, 3, 3});
  CHECK(y[1] == oracle::values{4.5, 9});
}

TEST_CASE("what dot cannot multiply is one sentence") {
  auto const along = [](auto... axes) {
    return [=](symbol a, symbol b) { return dot(axis(axes...), a, b); };
  };
  CHECK(error_of(along(1), extents{4, 3}, extents{2, 5}) ==
        "dot: axis 1 of extents 4x3 has 3 elements, axis 1 of 2x5 has 5");
  CHECK(error_of(along(-1, 0), extents{4, 3}, extents{2, 5}) ==
        "dot: axis 1 of extents 4x3 has 3 elements, axis 0 of 2x5 has 2");
  CHECK(error_of(along(2), extents{4, 3}, extents{4, 3}) ==
        "dot: extents 4x3 have no axis 2; axes are those of one sample, from 0, or from -1 at the "
        "end");
  CHECK(error_of(along(0, 1, 2), extents{4, 3}, extents{4, 3}) ==
        "dot: needs one axis, or one of each value, got 3");
  CHECK(error_of(along(0), extents{}, extents{3}) ==
        "dot: needs values with axes, got extents scalar and 3; multiply scalars");
}

TEST_CASE("einsum_dense") {
  compare("einsum_matrix", einsum_dense<"ab,bc->ac", 4, bias_axes<"c">>{});
  compare("einsum_sequence", einsum_dense<"abc,cd->abd", tg::tanh, output_extents<-1, 6>>{});
  compare("einsum_heads",
          einsum_dense<"abc, cde -> abde", output_extents<-1, 2, 3>, bias_axes<"de">>{});
  compare("einsum_merge", einsum_dense<"abcd,cde->abe", output_extents<4, 5>, bias_axes<"e">>{});
  compare("einsum_each", einsum_dense<"abc,bcd->abd", output_extents<-1, 3>, bias_axes<"bd">>{});
  compare("einsum_turned", einsum_dense<"abc,cd->adb", output_extents<5, -1>, bias_axes<"d">>{});
  compare("einsum_summed", einsum_dense<"abc,bd->ad", 3>{});
  compare("einsum_before", einsum_dense<"...x,xy->...y", 4, bias_axes<"y">>{});
  compare("einsum_before_none", einsum_dense<"...ab,bc->...ac", 4, bias_axes<"c">>{});
  compare("einsum_behind", einsum_dense<"ab...,bc->ac...", 4, bias_axes<"c">>{});
}

TEST_CASE("einsum_dense starts as Keras's, by the lengths of its axes in input and result") {
  tg::graph g;
  symbol const x = tg::build::input(g, "x", {4, 50});
  einsum_dense<"abc,cde->abde", output_extents<-1, 20, 30>>{}(x);
  einsum_dense<"abc,cd->abd", output_extents<-1, 7>, tg::he_normal{}, tg::l1(0.5F)>{}(x);
  einsum_dense<"abc,cd->abd", output_extents<-1, 7>, tg::orthogonal{}, bias_axes<"bd">,
               tg::bias_initializer(tg::ones{})>{}(x);
  REQUIRE(g.weights.size() == 4);
  // Keras's limit: sqrt(6 / (50 + 600))
  std::vector<float> first(static_cast<std::size_t>(g.weights[0].shape.count()));
  tg::initialize(g.weights[0].initial, g.weights[0].shape, 1, 0, first);
  float most = 0;
  for (float const w : first) most = std::max(most, std::abs(w));
  CHECK(std::abs(most - std::sqrt(6.0F / 650)) < 1e-4F);
  CHECK(g.weights[1].initial == tg::initializer(tg::he_normal{}));
  CHECK(g.weights[1].l1 == 0.5F);
  CHECK(g.weights[2].initial == tg::initializer(tg::orthogonal{}));
  CHECK(g.weights[3].shape == extents{4, 7});
  CHECK(g.weights[3].initial == tg::initializer(tg::ones{}));
}

TEST_CASE("a wrong einsum_dense is one sentence") {
  extents const x{4, 3};
  std::string const is = "einsum_dense: ";
  for (std::string const& error :
       {error_of(einsum_dense<"abc,cd", 2>{}, x), error_of(einsum_dense<"abc->abd", 2>{}, x),
        error_of(einsum_dense<"abc,cd,de->abe", 2>{}, x), error_of(einsum_dense<"", 2>{}, x),
        error_of(einsum_dense<"...bc,cd->bd", 2>{}, x),
        error_of(einsum_dense<"a..c,cd->abd", 2>{}, x),
        error_of(einsum_dense<"...b...,bc->...c...", 2>{}, x),
        error_of(einsum_dense<"abc,...d->abd", 2>{}, x),
        error_of(einsum_dense<"abc,cd->abd2", 2>{}, x)})
    CHECK(error.starts_with(is + "the equation "));
  CHECK(error_of(einsum_dense<"abc,cd", 2>{}, x) ==
        is + "the equation abc,cd is not read; it needs the axes of input, kernel and result, "
             "as in abc,cd->abd, or ...b,bc->...c, or ab...,bc->ac...");
  CHECK(
      error_of(einsum_dense<"abc,cd->abd">{}, x) ==
      is + "needs the extents of its result behind the equation: a number, or output_extents<...>");
  CHECK(error_of(einsum_dense<"abb,bd->abd", 2>{}, x) ==
        is + "equation abb,bd->abd has b twice in abb");
  CHECK(error_of(einsum_dense<"ab,bc->ac", 2>{}, x) ==
        is + "equation ab,bc->ac is of an input with axes ab, a the batch axis; got extents 4x3 "
             "and the "
             "batch axis");
  CHECK(
      error_of(einsum_dense<"abcd,de->abce", output_extents<4, 3, 2>>{}, x) ==
      is +
          "equation abcd,de->abce is of an input with axes abcd, a the batch axis; got extents 4x3 "
          "and the batch axis");
  CHECK(error_of(einsum_dense<"abc,cd->bad", output_extents<4, 2>>{}, x) ==
        is + "equation abc,cd->bad has the batch axis, a, not as the first of its result");
  CHECK(error_of(einsum_dense<"abc,acd->abd", output_extents<4, 2>>{}, x) ==
        is + "equation abc,acd->abd has the batch axis, a, in its kernel, which all samples share");
  CHECK(error_of(einsum_dense<"abc,cd->abd", 2>{}, x) ==
        is + "the result of abc,cd->abd has 2 named axes besides the batch axis, but "
             "output_extents has 1; -1 stands for one of the input");
  CHECK(error_of(einsum_dense<"abc,cd->abe", output_extents<-1, 2>>{}, x) ==
        is + "equation abc,cd->abe has e in its result only");
  CHECK(error_of(einsum_dense<"abc,cd->abd", output_extents<-1, -1>>{}, x) ==
        is + "axis d of abc,cd->abd is none of the input; output_extents must tell its length");
  CHECK(error_of(einsum_dense<"abc,cd->abd", output_extents<-1, 0>>{}, x) ==
        is + "output_extents must be positive, or -1 for an axis of the input, got -1x0");
  CHECK(error_of(einsum_dense<"abc,cd->abd", output_extents<5, 2>>{}, x) ==
        is + "axis b of abc,cd->abd has 4 elements in the input, but 5 in output_extents");
  CHECK(error_of(einsum_dense<"abc,cde->abd", output_extents<-1, 2>>{}, x) ==
        is + "equation abc,cde->abd has e in its kernel only, so that nothing tells its length");
  CHECK(error_of(einsum_dense<"abc,cd->abd", output_extents<-1, 2>, bias_axes<"c">>{}, x) ==
        is + "bias_axes has c, which is no axis of the result abd of a sample");
  CHECK(error_of(einsum_dense<"abc,cd->abd", output_extents<-1, 2>, bias_axes<"ad">>{}, x) ==
        is + "bias_axes has a, which is no axis of the result abd of a sample");
  CHECK(error_of(einsum_dense<"abc,cd->abd", output_extents<-1, 2>, tg::no_bias>{}, x) ==
        is + "option 2 (bias) is not one that einsum_dense takes");
}

}  // namespace

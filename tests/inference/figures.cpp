// SPDX-License-Identifier: BSL-1.0
// What the compiler knows of a program, batches of a fixed size, weights from layer to layer, and
// gradients for several inputs.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <typegrad/inference/figures.hpp>
#include <typegrad/inference/predictor.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training.hpp>
#include <typegrad/xtensor.hpp>
#include <utility>

namespace tg = typegrad;
using namespace tg::literals;

namespace {

using controller =
    tg::sequential<tg::input<4>, tg::dense<16, tg::tanh>, tg::dense<16, tg::tanh>, tg::dense<2>>;
static_assert(tg::multiply_adds<controller> == 4 * 16 + 16 * 16 + 16 * 2);
static_assert(tg::arena_bytes<controller, tg::batch<1>> <= 512);
static_assert(tg::kernel_count<controller> == 3);

using at_once = tg::rebind<controller, tg::batch<8>>;
static_assert(tg::arena_bytes<at_once> == tg::arena_bytes<controller, tg::batch<8>>);
static_assert(tg::static_batch<at_once> == 8 && tg::static_batch<controller> == 0);

using images = tg::sequential<tg::input<8, 8, 3>, tg::conv2d<4, 3, tg::same>, tg::conv2d<2, 3>,
                              tg::flatten, tg::dense<3>>;
static_assert(tg::multiply_adds<images> == 8 * 8 * 9 * 3 * 4 + 6 * 6 * 9 * 4 * 2 + 6 * 6 * 2 * 3);
static_assert(tg::multiply_adds<tg::rebind<images, tg::input<6, 6, 3>>> ==
              6 * 6 * 9 * 3 * 4 + 4 * 4 * 9 * 4 * 2 + 4 * 4 * 2 * 3);

template <class Layer>
struct with_tower : tg::network<with_tower<Layer>> {
  using inputs = tg::inputs<tg::input<4>>;
  Layer tower;
  tg::with_name<"head", tg::dense<3>> head;
  constexpr tg::symbol call(tg::symbol x) { return head(tower(x)); }
};
using tower = tg::with_name<"tower", tg::sequential<tg::dense<16, tg::relu>, tg::dense<8>>>;
using alone = tg::sequential<tg::input<4>, tg::dense<16>, tg::dense<8>>;
template <class Model>
using trained = decltype(tg::compile<Model>(tg::sgd{}, tg::mean_squared_error{}));
// All: forward, and the gradients of three kernels and of what the last two read. Frozen: forward
// and the gradient of the head's kernel.
static_assert(trained<with_tower<tower>>::training_multiply_adds ==
              2 * (4 * 16 + 16 * 8 + 8 * 3) + 16 * 8 + 8 * 3);
static_assert(trained<with_tower<tg::frozen<tower>>>::training_multiply_adds ==
              4 * 16 + 16 * 8 + 2 * 8 * 3);

struct three_inputs : tg::network<three_inputs> {
  using inputs =
      tg::inputs<tg::named<"a", 4>, tg::named<"ids", 2, tg::dtype::int32>, tg::named<"c", 3>>;
  tg::dense<3> scores;
  tg::embedding<5, 3> words;
  constexpr auto call(tg::symbol a, tg::symbol ids, tg::symbol c) {
    tg::symbol const y = scores(a);
    return tg::outputs(tg::output<"y">(y + tg::sum(words(ids), {0})), tg::output<"twice">(2.0 * c));
  }
};

template <class F>
std::string message(F const& f) {
  try {
    f();
  } catch (std::exception const& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace

TEST_CASE("a model with a batch of its own sees no more samples at a time") {
  xt::xtensor<float, 2> const x = xt::reshape_view(xt::arange<float>(76), {19, 4}) / 76;
  tg::predictor<at_once> fixed;
  auto const before = std::as_const(fixed).core().arena.size();
  CHECK(xt::allclose(fixed.predict(x), tg::predictor<controller>{}.predict(x)));
  CHECK(std::as_const(fixed).core().arena.size() == before);
}

TEST_CASE("weights of one layer from another") {
  tg::predictor<with_tower<tower>> from;
  from.initialize(3);
  tg::predictor<with_tower<tg::frozen<tower>>> to;
  to.copy_weights(from, {.into = "tower"});
  CHECK(to.weight("tower/dense/kernel") == from.weight("tower/dense/kernel"));
  CHECK(to.weight("head/kernel") != from.weight("head/kernel"));
  tg::predictor<alone> by_itself;
  by_itself.initialize(4);
  to.copy_weights(by_itself, {.into = "tower", .from = ""});
  CHECK(to.weight("tower/dense_1/kernel") == by_itself.weight("dense_1/kernel"));
  to.copy_weights(from);
  CHECK(to.weight("head/kernel") == from.weight("head/kernel"));
  tg::predictor<controller> other;
  CHECK(message([&] { other.copy_weights(from, {.into = "dense_7"}); }) ==
        "copy_weights: there is no layer \"dense_7\" with weights here; the weights are "
        "dense/kernel, dense/bias, dense_1/kernel, dense_1/bias, dense_2/kernel, dense_2/bias");
  CHECK(message([&] { other.copy_weights(from, {.into = "dense", .from = "tower/dense_1"}); }) ==
        "copy_weights: dense/kernel has extents 4x16 here and 16x8 there");
  other.copy_weights(from, {.into = "dense", .from = "tower/dense"});
  CHECK(other.weight("dense/kernel") == from.weight("tower/dense/kernel"));
}

TEST_CASE("gradients for several inputs, of an objective of several outputs") {
  tg::predictor<three_inputs> model;
  xt::xtensor<float, 2> const a = xt::ones<float>({6, 4});
  xt::xtensor<float, 2> const c = xt::ones<float>({6, 3});
  xt::xtensor<int, 2> const ids = xt::ones<int>({6, 2});
  auto const g =
      model.gradient([](auto out) { return tg::sum(out["y"_n]) + tg::sum(out["twice"_n]); },
                     tg::by_name("c"_n = c, "ids"_n = ids, "a"_n = a));
  CHECK(g.input("c"_n) == xt::xtensor<float, 2>(2 * c));
  CHECK(xt::allclose(g.input(), xt::broadcast(xt::sum(model.weight("dense/kernel"), {1}),
                                              std::array<std::size_t, 2>{6, 4})));
  CHECK(g.input("ids"_n) == xt::xtensor<float, 2>(xt::zeros<float>({6, 2})));
  CHECK(static_cast<float>(g.weight("embedding/embeddings")(1, 0)) == 12);
}

namespace {

/// A mask of bools, and small integers.
struct masked : tg::network<masked> {
  using inputs = tg::inputs<tg::named<"x", 4>, tg::named<"mask", 4, tg::dtype::boolean>,
                            tg::named<"scale", tg::dtype::int8>>;
  constexpr tg::symbol call(tg::symbol x, tg::symbol mask, tg::symbol scale) {
    return where(mask, x, -1.0) * cast(scale, tg::dtype::float32);
  }
};

struct gives_its_weight : tg::network<gives_its_weight> {
  using inputs = tg::inputs<tg::input<2>>;
  tg::symbol w;
  constexpr void build(tg::weights& add) { w = add("w", {3}, tg::ones{}); }
  constexpr auto call(tg::symbol x) {
    return tg::outputs(tg::output<"w">(w), tg::output<"best">(tg::argmax(x)));
  }
};

}  // namespace

TEST_CASE("inputs of other dtypes") {
  tg::predictor<masked> model;
  xt::xtensor<float, 2> const x = {{0, 1, 2, 3}, {4, 5, 6, 7}};
  xt::xtensor<bool, 2> const mask = {{true, false, true, false}, {true, true, true, true}};
  xt::xtensor<std::int8_t, 1> const scale{2, 1};
  CHECK(model.predict({x, mask, scale}) == xt::xtensor<float, 2>{{0, -2, 4, -2}, {4, 5, 6, 7}});
}

TEST_CASE("outputs that samples share, and integers, are predicted for each sample") {
  tg::predictor<gives_its_weight> model;
  xt::xtensor<float, 2> const x = {{1, 2}, {4, 3}, {5, 6}};
  auto const& w = model.predict(x)["w"_n];  // by value, of a temporary
  CHECK(w == xt::xtensor<float, 2>(xt::ones<float>({3, 3})));
  CHECK(model.predict(x)["best"_n] == xt::xtensor<float, 1>{1, 0, 1});
}

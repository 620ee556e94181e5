// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/nn/activations.hpp>

namespace {

namespace tg = typegrad;

/// f(x) and the gradient of sum(cotangent * f(x)), for rows of n elements.
template <class F>
std::vector<oracle::values> value_and_gradient(F const& f, int n, oracle::values const& x,
                                               oracle::values const& cotangent) {
  tg::graph g;
  auto const in = tg::build::input(g, "x", {n});
  auto const y = f(in);
  REQUIRE(y.valid());
  auto const c = tg::build::input(g, "c", y.shape());
  oracle::with_gradient(g, y, tg::batch_sum(tg::sum(y * c)), in);
  return oracle::run(g, static_cast<std::int64_t>(x.size()) / n, {x, cotangent});
}

template <class F>
void against_keras(char const* name, F const& f) {
  INFO(name);
  std::string const file = "activations";
  std::string const prefix = std::string(name) + "/";
  bool const own = prefix == "glu/";
  auto const found = value_and_gradient(f, own ? 12 : 11, oracle::load(file, own ? "glu/x" : "x"),
                                        oracle::load(file, own ? "glu/cotangent" : "cotangent"));
  {
    INFO("value");
    oracle::check_close(found[0], oracle::load(file, prefix + "y"));
  }
  INFO("gradient");
  oracle::check_close(found[1], oracle::load(file, prefix + "dx"));
}

TEST_CASE("activations give Keras's numbers and gradients") {
#define CASE(name) against_keras(#name, tg::name);
  CASE(relu)
  CASE(sigmoid) CASE(tanh) CASE(softmax) CASE(linear) CASE(elu) CASE(selu) CASE(silu)
      CASE(leaky_relu) CASE(softplus) CASE(softsign) CASE(hard_sigmoid) CASE(exponential)
          CASE(log_softmax) CASE(relu6) CASE(mish) CASE(celu) CASE(hard_silu) CASE(hard_tanh)
              CASE(hard_shrink) CASE(soft_shrink) CASE(tanh_shrink) CASE(log_sigmoid)
                  CASE(sparse_plus) CASE(sparse_sigmoid) CASE(sparsemax) CASE(squareplus) CASE(gelu)
                      CASE(glu)
#undef CASE
                          against_keras("silu", tg::swish);
  against_keras("hard_silu", tg::hard_swish);
}

TEST_CASE("activations with parameters give Keras's numbers and gradients") {
  against_keras("gelu_tanh", tg::gelu(true));
  against_keras("threshold", tg::threshold(1.0F, -0.25F));
  against_keras("relu_slope_0.1_max_6_threshold_1",
                tg::relu({.max_value = 6, .negative_slope = 0.1F, .threshold = 1}));
  against_keras("leaky_relu_slope_0.3", tg::leaky_relu(0.3F));
  against_keras("elu_alpha_0.5", tg::elu(0.5F));
  against_keras("celu_alpha_2", tg::celu(2.0F));
  against_keras("soft_shrink_threshold_0.25", tg::soft_shrink(0.25F));
  against_keras("hard_shrink_threshold_0.25", tg::hard_shrink(0.25F));
  against_keras("squareplus_b_1", tg::squareplus(1.0F));
}

TEST_CASE("activations neither overflow nor lose their gradients far from zero") {
  oracle::values const x{-1e4, -100, 0, 100, 1e4, 3e-5};
  oracle::values const ones(x.size(), 1.0);
  auto const finite = [&](char const* name, auto const& f) {
    INFO(name);
    auto const found = value_and_gradient(f, 6, x, ones);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(x[i], found[0][i], found[1][i]);
      CHECK(std::isfinite(found[0][i]));
      CHECK(std::isfinite(found[1][i]));
    }
  };
#define CASE(name) finite(#name, tg::name);
  CASE(relu)
  CASE(sigmoid) CASE(tanh) CASE(softmax) CASE(elu) CASE(selu) CASE(silu) CASE(leaky_relu)
      CASE(softplus) CASE(softsign) CASE(hard_sigmoid) CASE(log_softmax) CASE(relu6) CASE(mish)
          CASE(celu) CASE(hard_silu) CASE(hard_tanh) CASE(hard_shrink) CASE(soft_shrink)
              CASE(tanh_shrink) CASE(log_sigmoid) CASE(sparse_plus) CASE(sparse_sigmoid)
                  CASE(sparsemax) CASE(squareplus) CASE(gelu)
#undef CASE
                      finite("gelu by tanh", tg::gelu(true));
}

TEST_CASE("softplus has the sigmoid as its derivative, at zero too, and so for the second") {
  tg::graph g;
  auto const x = tg::build::input(g, "x", {5});
  auto const first =
      tg::differentiate(g, tg::batch_sum(tg::sum(tg::softplus(x))), tg::list<int>{x.id()});
  tg::symbol const slope{g, first[0]};
  oracle::with_gradient(g, slope, tg::batch_sum(tg::sum(slope)), x);
  auto const found = oracle::run(g, 1, {{-30, -1, 0, 1, 30}});
  double const s = 1 / (1 + std::exp(-1.0));
  oracle::check_close(found[0], {0, 1 - s, 0.5, s, 1}, 1e-6);
  oracle::check_close(found[1], {0, s * (1 - s), 0.25, s * (1 - s), 0}, 1e-6);
}

TEST_CASE("softmax and log_softmax along another axis") {
  tg::graph g;
  auto const x = tg::build::input(g, "x", {2, 2});
  g.outputs.push_back(tg::softmax(0)(x).id());
  g.outputs.push_back(tg::exp(tg::log_softmax(0)(x)).id());
  auto const found = oracle::run(g, 1, {{0, 1, 0, 3}});
  double const s = 1 / (1 + std::exp(2.0));
  oracle::check_close(found[0], {0.5, s, 0.5, 1 - s}, 1e-6);
  oracle::check_close(found[1], {0.5, s, 0.5, 1 - s}, 1e-6);
}

TEST_CASE("relu is a maximum whose first operand is the constant") {
  tg::graph g;
  auto const y = tg::relu(tg::build::input(g, "x", {3}));
  REQUIRE(y.info().code == tg::op::maximum);
  tg::symbol zero{g, g.operand(y.id(), 0)};
  while (zero.info().code == tg::op::broadcast) zero = {g, g.operand(zero.id(), 0)};
  CHECK(zero.info().code == tg::op::constant);
}

static_assert([] {
  tg::graph g;
  auto const y = tg::glu(tg::build::input(g, "x", {3}));
  return !y.valid() && g.error.view() == "glu: needs an axis -1 of even length, got extents 3";
}());

}  // namespace

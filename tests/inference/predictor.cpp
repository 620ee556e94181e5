// SPDX-License-Identifier: BSL-1.0
#include <typegrad/inference/predictor.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <cmath>
#include <string>
#include <typegrad/nn.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

namespace tg = typegrad;

namespace {

using net = tg::sequential<tg::input<5>, tg::dense<3, tg::tanh>, tg::dense<2>>;

xt::xtensor<float, 2> some_x(std::size_t rows) {
  auto x = xt::xtensor<float, 2>::from_shape({rows, 5});
  for (std::size_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(i * 7919 % 101) / 50 - 1;
  return x;
}

constexpr auto half_square = [](tg::symbol y) { return 0.5F * tg::sum(tg::square(y)); };

}  // namespace

TEST_CASE("weights by path are xtensors that show the model's memory") {
  tg::predictor<net> model;
  model.initialize(1);
  std::vector<std::string> paths;
  for (auto const& w : model.weights()) paths.push_back(w.path);
  CHECK(paths ==
        std::vector<std::string>{"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"});
  auto kernel = model.weight("dense/kernel");
  CHECK(kernel.dimension() == 2);
  CHECK(kernel.shape(0) == 5);
  CHECK(kernel.size() == 15);
  kernel = xt::ones<float>({5, 3});
  CHECK(model.weight("dense/kernel")(4, 2) == 1);
  kernel = 2 * kernel + 1;  // of itself
  kernel(0, 0) = 7;
  CHECK(xt::sum(model.weight("dense/kernel"))() == 14 * 3 + 7);
  kernel *= 0.5F;
  CHECK(model.weights()[0].values(0, 0) == 3.5F);
  model.weight("dense/bias") = xt::xtensor<double, 1>{1, 2, 3};
  CHECK(model.weight("dense/bias")(2) == 3);
  model.weight("dense/bias") = model.weight("dense/bias");
  model.weight("dense/bias") = 0.25F;
  CHECK(model.weight("dense/bias")(1) == 0.25F);
  CHECK_THROWS_WITH(model.weight("dense/kernle"),
                    "weight: there is no weight \"dense/kernle\"; the weights are dense/kernel, "
                    "dense/bias, dense_1/kernel, dense_1/bias");
  CHECK_THROWS_WITH(model.weight("dense/kernel") = xt::ones<float>({3, 5}),
                    "weight dense/kernel has shape 5x3 and cannot become an array of shape 3x5");
}

TEST_CASE("predict is the function that the layers say") {
  tg::predictor<net> model;
  model.initialize(2);
  auto const x = some_x(7);
  auto const y = model.predict(x);
  REQUIRE(y.shape(0) == 7);
  REQUIRE(y.shape(1) == 2);
  auto const k0 = model.weight("dense/kernel");
  auto const k1 = model.weight("dense_1/kernel");
  double worst = 0;
  for (std::size_t r = 0; r < 7; ++r)
    for (std::size_t o = 0; o < 2; ++o) {
      double sum = 0;
      for (std::size_t h = 0; h < 3; ++h) {
        double in = 0;
        for (std::size_t i = 0; i < 5; ++i) in += static_cast<double>(x(r, i) * k0(i, h));
        sum += std::tanh(in) * static_cast<double>(k1(h, o));
      }
      worst = std::max(worst, std::abs(sum - static_cast<double>(y(r, o))));
    }
  CHECK(worst < 1e-6);
  CHECK(xt::allclose(model.predict(x, {.batch_size = 2}), y));

  xt::xtensor<float, 2> out = xt::zeros<float>({7, 2});
  model.predict(x, out);
  CHECK(out == y);
  std::vector<float> flat(14);
  model.predict(x, flat);
  CHECK(flat[3] == y(1, 1));
  xt::xtensor<float, 2> wrong = xt::zeros<float>({2, 7});
  CHECK_THROWS_WITH(model.predict(x, wrong),
                    "predict: the array for the results must be dense and row-major, with 7 rows of "
                    "2 numbers; it has shape 2x7");
  CHECK_THROWS_WITH(model.predict(xt::zeros<float>({7, 6})),
                    "predict: x needs samples of extents 5, got an array of shape 7x6");
  CHECK_THROWS_WITH(model.predict(x, {.batch_size = 0}),
                    "predict: batch_size must be positive, got 0");
}

TEST_CASE("gradients are limits of differences") {
  tg::predictor<net> model;
  model.initialize(3);
  auto const x = some_x(4);
  auto const g = model.gradient(half_square, x);
  auto const y = model.predict(x);
  CHECK(std::abs(g.value() - 0.5F * xt::sum(xt::square(y))()) < 1e-5F);
  REQUIRE(g.input().shape() == x.shape());
  float const step = 1e-2F;
  float worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto up = x;
    auto down = x;
    up.data()[i] += step;
    down.data()[i] -= step;
    float const slope = (model.gradient(half_square, up).value() -
                         model.gradient(half_square, down).value()) /
                        (2 * step);
    worst = std::max(worst, std::abs(slope - g.input().data()[i]));
  }
  CHECK(worst < 2e-3F);
  for (auto& w : model.weights()) {
    auto const dw = g.weight(w.path);
    REQUIRE(dw.shape() == w.values.shape());
    for (std::size_t i = 0; i < w.values.size(); ++i) {
      float const old = w.values.data()[i];
      w.values.data()[i] = old + step;
      float const high = model.gradient(half_square, x).value();
      w.values.data()[i] = old - step;
      float const low = model.gradient(half_square, x).value();
      w.values.data()[i] = old;
      worst = std::max(worst, std::abs((high - low) / (2 * step) - dw.data()[i]));
    }
  }
  CHECK(worst < 5e-3F);
  CHECK_THROWS_WITH(g.weight("kernel"),
                    "gradient: there is no weight \"kernel\"; the weights are dense/kernel, "
                    "dense/bias, dense_1/kernel, dense_1/bias");
}

TEST_CASE("an objective that does not look at everything has zero gradients") {
  tg::predictor<net> model;
  auto const g = model.gradient([](tg::symbol y) { return tg::sum(0 * y); }, some_x(3));
  CHECK(g.value() == 0);
  CHECK(xt::sum(xt::abs(g.input()))() == 0);
  CHECK(xt::sum(xt::abs(g.weight("dense/kernel")))() == 0);
}

TEST_CASE("weights are copied by path, all or none") {
  using longer = tg::sequential<tg::input<5>, tg::dense<3, tg::tanh>, tg::dense<2>, tg::dense<4>>;
  using wider = tg::sequential<tg::input<5>, tg::dense<3, tg::tanh>, tg::dense<3>>;
  tg::predictor<longer> from;
  from.initialize(9);
  tg::predictor<net> to;
  to.copy_weights(from);
  CHECK(xt::all(xt::equal(to.weight("dense_1/kernel"), from.weight("dense_1/kernel"))));
  tg::predictor<wider> other;
  auto const before = xt::eval(other.weight("dense/kernel"));
  CHECK_THROWS_WITH(other.copy_weights(from),
                    "copy_weights: dense_1/kernel has extents 3x3 here and 3x2 there");
  CHECK(xt::all(xt::equal(other.weight("dense/kernel"), before)));
  CHECK_THROWS_AS(from.copy_weights(to), std::invalid_argument);
}

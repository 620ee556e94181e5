// SPDX-License-Identifier: BSL-1.0
#include <typegrad/typegrad.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

// Training loops written by hand do what `fit` does.

namespace {

namespace tg = typegrad;

using net = tg::sequential<tg::input<6>, tg::dense<8, tg::tanh>, tg::batch_normalization<>,
                           tg::dropout<0.25f>, tg::dense<3, tg::l2(0.01f)>>;
using loss_type = tg::sparse_categorical_crossentropy<tg::from_logits>;

struct data_type {
  xt::xtensor<float, 2> x = xt::xtensor<float, 2>::from_shape({40, 6});
  xt::xtensor<int, 1> y = xt::xtensor<int, 1>::from_shape({40});
  data_type() {
    auto const values = tg::random{4}.normal<float, 40, 6>();
    std::copy(values.begin(), values.end(), x.begin());
    for (std::size_t i = 0; i < 40; ++i) y(i) = x(i, 0) > 0 ? 0 : x(i, 1) > 0 ? 1 : 2;
  }
};

std::vector<float> weights_of(auto& model) {
  std::vector<float> all;
  for (auto const& w : model.weights()) all.insert(all.end(), w.values.begin(), w.values.end());
  return all;
}

}  // namespace

TEST_CASE("custom loop: the same weights as fit, to the bit", "[training]") {
  data_type const data;
  auto fitted = tg::compile<net>(tg::adam{.learning_rate = 0.01f}, loss_type{});
  fitted.fit({data.x, data.y}, {.epochs = 2, .batch_size = 16, .shuffle = false, .verbose = false});

  tg::predictor<net> model;
  auto loss = tg::value_and_gradient(model, loss_type{});
  tg::optimizer optimizer{tg::adam{.learning_rate = 0.01f}};
  for (int epoch = 0; epoch < 2; ++epoch)
    for (auto const& batch :
         tg::batches({data.x, data.y}, {.batch_size = 16, .shuffle = false, .epoch = epoch})) {
      loss(batch.x, batch.y);
      optimizer.apply(loss);
    }
  CHECK(optimizer.step() == 6);
  CHECK(weights_of(model) == weights_of(fitted));
}

TEST_CASE("custom loop: objectives of one's own, gradients changed", "[training]") {
  data_type const data;
  using plain = tg::sequential<tg::input<6>, tg::dense<3>>;
  tg::predictor<plain> model;
  auto by_hand = tg::value_and_gradient<std::int32_t>(
      model, [](tg::symbol scores, tg::symbol label) { return loss_type{}(label, scores); });
  auto library = tg::value_and_gradient(model, loss_type{});
  CHECK(by_hand(data.x, data.y) == library(data.x, data.y));
  CHECK(by_hand.gradient("dense/kernel") == library.gradient("dense/kernel"));

  // a gradient changed before it is applied
  auto const before = xt::xtensor<float, 2>(model.weight("dense/kernel"));
  auto const slope = xt::xtensor<float, 2>(by_hand.gradient("dense/kernel"));
  by_hand.gradient("dense/kernel") *= 0.5f;
  by_hand.gradient("dense/bias").fill(0);
  tg::optimizer descent{tg::sgd{.learning_rate = 1.0f}};
  descent.apply(by_hand);
  auto const after = xt::xtensor<float, 2>(model.weight("dense/kernel"));
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      CHECK(std::abs(after(i, j) - (before(i, j) - 0.5f * slope(i, j))) < 1e-6f);
  CHECK(model.weight("dense/bias")(0) == 0);

  // a penalty for the output's size, without a target
  auto size = tg::value_and_gradient(model, [](tg::symbol y) { return tg::sum(tg::square(y)); });
  float const first = size(data.x);
  double const norm = size.global_norm();
  CHECK(size.clip_by_global_norm(norm / 2) == norm);
  CHECK(std::abs(size.global_norm() - norm / 2) < 1e-4 * norm);
  tg::optimizer shrink{tg::sgd{.learning_rate = 0.01f}};
  shrink.apply(size);
  CHECK(size(data.x) < first);
  CHECK_THROWS_AS(by_hand(data.x), std::invalid_argument);
  CHECK_THROWS_AS(size.gradient("dense/kernle"), std::invalid_argument);
  tg::predictor<plain> other;
  auto of_other = tg::value_and_gradient(other, loss_type{});
  of_other(data.x, data.y);
  CHECK_THROWS_AS(shrink.apply(of_other), std::logic_error);
  auto bias = tg::value_and_gradient(
      model, [](tg::symbol y) { return tg::sum(tg::square(y)); }, tg::of_weights<"dense/bias">);
  bias(data.x);
  CHECK_THROWS_AS(shrink.apply(bias), std::logic_error);  // other weights than it began with
  CHECK_THROWS_AS(bias.gradient("dense/kernel"), std::invalid_argument);
  CHECK_THROWS_AS(bias(data.x, data.y), std::invalid_argument);  // it has no target
  auto const kernel = xt::xtensor<float, 2>(model.weight("dense/kernel"));
  tg::optimizer second{tg::sgd{.learning_rate = 1.0f}};
  second.apply(bias);
  CHECK(model.weight("dense/kernel") == kernel);
}

TEST_CASE("custom loop: batches cover the samples once, in an order of the seed", "[training]") {
  data_type const data;
  for (bool const shuffle : {false, true}) {
    std::vector<int> seen;
    std::int64_t count = 0;
    auto all = tg::batches({data.x, data.y}, {.batch_size = 16, .shuffle = shuffle, .seed = 3});
    CHECK(all.size() == 3);
    for (auto const& batch : all) {
      ++count;
      CHECK(batch.size() == (count < 3 ? 16 : 8));
      auto const* const y = static_cast<int const*>(batch.y.data());
      auto const* const x = static_cast<float const*>(batch.x.data());
      for (std::int64_t i = 0; i < batch.size(); ++i)
        for (int k = 0; k < 40; ++k)
          if (data.x(static_cast<std::size_t>(k), 0) == x[i * 6]) {
            CHECK(data.y(static_cast<std::size_t>(k)) == y[i]);
            seen.push_back(k);
          }
    }
    REQUIRE(seen.size() == 40);
    CHECK(std::is_sorted(seen.begin(), seen.end()) == !shuffle);
    std::sort(seen.begin(), seen.end());
    for (int i = 0; i < 40; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
  }
  auto whole = tg::batches({data.x, data.y}, {.batch_size = 16, .drop_remainder = true});
  CHECK(whole.size() == 2);
  CHECK_THROWS_AS(tg::batches({data.x, data.y}, {.batch_size = 0}), std::invalid_argument);
}

TEST_CASE("custom loop: an optimizer for variables follows Keras's rules", "[training]") {
  auto w = tg::variable<"w", tg::shape<3>>({1, -2, 3});
  auto b = tg::variable<"b">(0.5f);
  tg::tensor<float, 3> const x{1, 2, 3};
  auto const loss = tg::square(tg::sum(w * x) + b - 4);
  tg::optimizer optimizer{tg::adam{.learning_rate = 0.1f}};
  float const before = tg::evaluate(loss);
  optimizer.apply(tg::gradient(loss, w, b), w, b);
  // Adam's first step is the learning rate in the direction of the sign
  CHECK(std::abs(w(0) - 0.9f) < 1e-4f);
  CHECK(std::abs(w(1) + 2.1f) < 1e-4f);
  CHECK(std::abs(b.value() - 0.4f) < 1e-4f);
  for (int i = 0; i < 200; ++i) optimizer.apply(tg::gradient(loss, w, b), w, b);
  CHECK(tg::evaluate(loss) < 1e-3f * before);
  CHECK_THROWS_AS(optimizer.apply(tg::gradient(loss, b), b), std::logic_error);
}

TEST_CASE("custom loop: variables' options", "[training]") {
  auto fixed = tg::variable<"fixed", tg::shape<2>, float, tg::not_trainable>({1, 2});
  auto positive = tg::variable<"positive", tg::shape<2>, float, tg::non_negative>({0.05f, 3});
  auto unit =
      tg::variable<"unit", tg::shape<2, 2>, float, tg::unit_norm{.axis = 0}>({{3, 0}, {4, 2}});
  auto const loss = tg::sum(fixed) + tg::sum(positive) + tg::sum(unit * unit);
  tg::optimizer descent{tg::sgd{.learning_rate = 0.1f}};
  descent.apply(tg::gradient(loss, fixed, positive, unit), fixed, positive, unit);
  CHECK(fixed(0) == 1);
  CHECK(positive(0) == 0);
  CHECK(std::abs(positive(1) - 2.9f) < 1e-6f);
  CHECK(std::abs(unit(0, 0) - 0.6f) < 1e-5f);
  CHECK(std::abs(unit(1, 1) - 1) < 1e-5f);
}

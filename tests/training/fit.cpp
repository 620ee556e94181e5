// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <typegrad/io/safetensors.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

namespace tg = typegrad;

namespace {

// The network of oracles/training.safetensors, and one with dropout.
using plain = tg::sequential<tg::input<8>, tg::dense<16, tg::relu, tg::l2(0.01F)>, tg::dense<4>>;
using dropping =
    tg::sequential<tg::input<8>, tg::dense<16, tg::relu>, tg::dropout<0.5F>, tg::dense<4>>;
using from_logits = tg::sparse_categorical_crossentropy<tg::from_logits>;

template <class Net = plain, class Optimizer = tg::sgd>
auto make(Optimizer const& optimizer = {}, std::uint64_t seed = 3) {
  auto model = tg::compile<Net>(optimizer, from_logits{}, tg::accuracy{});
  model.initialize(seed);
  return model;
}

struct data_set {
  xt::xtensor<float, 2> x;
  xt::xtensor<std::int32_t, 1> y;
};

// Classes by the largest of four sums: something to learn.
data_set some_data(std::size_t rows) {
  data_set data;
  data.x = xt::xtensor<float, 2>::from_shape({rows, 8});
  data.y = xt::xtensor<std::int32_t, 1>::from_shape({rows});
  for (std::size_t i = 0; i < rows; ++i) {
    float best = -1e9F;
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t j = 2 * k; j < 2 * k + 2; ++j)
        data.x(i, j) = static_cast<float>((i * 131 + j * j * 71 + i * j * 17) % 64) / 32 - 1;
      float const sum = data.x(i, 2 * k) + data.x(i, 2 * k + 1);
      if (sum > best) {
        best = sum;
        data.y(i) = static_cast<std::int32_t>(k);
      }
    }
  }
  return data;
}

template <class Model>
std::vector<float> all_weights(Model& model) {
  std::vector<float> out;
  for (auto const& w : model.weights())
    out.insert(out.end(), w.values.data(), w.values.data() + w.values.size());
  return out;
}

bool same(std::vector<float> const& a, std::vector<float> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

tg::fit_options quiet(int epochs, int batch_size = 32) {
  return {.epochs = epochs, .batch_size = batch_size, .verbose = false};
}

std::string fit_error(auto& model, tg::samples const& data, tg::fit_options const& options) {
  try {
    model.fit(data, options);
  } catch (std::exception const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("training steps are Keras's, number for number") {
  auto const file = tg::safetensors::read(TYPEGRAD_TESTS_DIR "/oracles/training.safetensors");
  auto const values = [&](std::string const& name) {
    auto const tensor = file.at(name);
    std::vector<float> out(tensor.size());
    tensor.copy_to(std::span<float>(out));
    return out;
  };
  auto const x = values("x");
  auto const y = values("y");
  auto const sample_weight = values("sample_weight");
  auto const follow = [&](std::string const& name, auto const& optimizer, bool weighted) {
    auto model = tg::compile<plain>(optimizer, from_logits{});
    for (auto& w : model.weights()) {
      auto const start = values("start/" + w.path);
      std::copy(start.begin(), start.end(), w.values.data());
    }
    auto const losses = values(name + "/loss");
    for (std::size_t step = 0; step < 5; ++step) {
      auto const rows = xt::adapt(x.data() + 48 * step, 48, xt::no_ownership(),
                                  std::array<std::size_t, 2>{6, 8});
      std::span<float const> const labels(y.data() + 6 * step, 6);
      std::span<float const> const weights(sample_weight.data() + 6 * step, 6);
      auto const [loss] = weighted ? model.train_on_batch({rows, labels, weights})
                                   : model.train_on_batch({rows, labels});
      INFO(name << ", step " << step + 1);
      CHECK(std::abs(loss - static_cast<double>(losses[step])) < 1e-5);
      double worst = 0;
      for (auto const& w : model.weights()) {
        auto const after = values(name + "/" + w.path);
        for (std::size_t i = 0; i < w.values.size(); ++i) {
          auto const want = static_cast<double>(after[step * w.values.size() + i]);
          worst = std::max(worst, std::abs(static_cast<double>(w.values.data()[i]) - want) /
                                      std::max(1.0, std::abs(want)));
        }
      }
      CHECK(worst < 1e-5);
    }
  };
  follow("sgd_momentum", tg::sgd{.learning_rate = 0.1F, .momentum = 0.9F}, false);
  follow("adam", tg::adam{.learning_rate = 0.01F}, false);
  follow("sgd_momentum_weighted", tg::sgd{.learning_rate = 0.1F, .momentum = 0.9F}, true);
}

TEST_CASE("fit learns, and keeps a history") {
  auto const data = some_data(203);
  auto const test = some_data(50);
  auto model = make(tg::adam{.learning_rate = 0.01F});
  auto const history = model.fit(
      data, {.epochs = 30, .batch_size = 32, .validation_data = test, .verbose = false});
  CHECK(history["loss"].back() < 0.5 * history["loss"].front());
  CHECK(history["accuracy"].back() > 0.8);
  std::vector<std::string> names;
  for (auto const& [name, values] : history) {
    names.push_back(name);
    CHECK(values.size() == 30);
  }
  CHECK(names == std::vector<std::string>{"loss", "accuracy", "val_loss", "val_accuracy"});
  CHECK(history.epochs().front() == 1);
  CHECK(history.epochs().back() == 30);
  CHECK(model.step() == 30 * 7);
  CHECK(model.epoch() == 30);
  CHECK_THROWS_WITH(history["los"], "history: there is no \"los\"; there are loss, accuracy, "
                                    "val_loss, val_accuracy");
  auto const result = model.evaluate(test);
  CHECK(std::abs(result.loss - history["val_loss"].back()) < 1e-5);
  CHECK(std::abs(result.accuracy - history["val_accuracy"].back()) < 1e-9);
}

TEST_CASE("the loss of an epoch is the mean over samples, the short last batch included") {
  auto const data = some_data(37);
  auto model = make(tg::sgd{.learning_rate = 0});
  auto const history = model.fit(data, quiet(1, 16));
  auto const [loss, accuracy] = model.evaluate(data, {.batch_size = 37});
  CHECK(std::abs(history["loss"][0] - loss) < 1e-6);
  CHECK(std::abs(history["accuracy"][0] - accuracy) < 1e-9);
  CHECK(std::abs(model.evaluate(data, {.batch_size = 5}).loss - loss) < 1e-6);
  // and so are the logits of any batch size
  auto const logits = model.predict(data.x);
  CHECK(logits.shape(0) == 37);
  CHECK(xt::allclose(model.predict(data.x, {.batch_size = 5}), logits));
}

TEST_CASE("a shuffle is a permutation that seed and epoch decide") {
  std::vector<std::int64_t> a(1000), b(1000), c(1000), d(1000);
  tg::training_detail::shuffle(a, 1, 0);
  tg::training_detail::shuffle(b, 1, 0);
  tg::training_detail::shuffle(c, 1, 1);
  tg::training_detail::shuffle(d, 2, 0);
  CHECK(a == b);
  CHECK(a != c);
  CHECK(a != d);
  std::sort(a.begin(), a.end());
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != static_cast<std::int64_t>(i)) FAIL(i);
  // each place gets each number about equally often
  std::vector<int> first(10);
  std::vector<std::int64_t> ten(10);
  for (std::uint64_t epoch = 0; epoch < 10000; ++epoch) {
    tg::training_detail::shuffle(ten, 7, epoch);
    ++first[static_cast<std::size_t>(ten[0])];
  }
  for (int const n : first) CHECK(std::abs(n - 1000) < 150);
}

TEST_CASE("fit without a shuffle is train_on_batch in order") {
  auto const data = some_data(50);
  auto a = make<dropping>(tg::adam{});
  auto b = make<dropping>(tg::adam{});
  a.fit(data, {.epochs = 2, .batch_size = 16, .shuffle = false, .verbose = false});
  for (int epoch = 0; epoch < 2; ++epoch)
    for (std::size_t i = 0; i < 50; i += 16) {
      auto const end = std::min<std::size_t>(i + 16, 50);
      b.train_on_batch({xt::view(data.x, xt::range(i, end)), xt::view(data.y, xt::range(i, end))});
    }
  CHECK(same(all_weights(a), all_weights(b)));
  auto c = make<dropping>(tg::adam{});
  c.fit(data, quiet(2, 16));
  CHECK_FALSE(same(all_weights(a), all_weights(c)));
}

TEST_CASE("what a seed decides") {
  auto const data = some_data(64);
  auto a = make<dropping>(tg::adam{}, 5);
  auto b = make<dropping>(tg::adam{}, 5);
  auto c = make<dropping>(tg::adam{}, 6);
  CHECK(same(all_weights(a), all_weights(b)));
  CHECK_FALSE(same(all_weights(a), all_weights(c)));
  a.fit(data, quiet(3));
  b.fit(data, quiet(3));
  CHECK(same(all_weights(a), all_weights(b)));
  // initialize forgets all training
  a.initialize(5);
  a.fit(data, quiet(3));
  CHECK(same(all_weights(a), all_weights(b)));
  // another order of samples, the same model
  a.initialize(5);
  a.fit(data, {.epochs = 3, .seed = 99, .verbose = false});
  CHECK_FALSE(same(all_weights(a), all_weights(b)));
}

TEST_CASE("numbers of other types train the same") {
  auto data = some_data(40);
  data.x = xt::floor(16 * data.x);  // whole numbers, some of them negative
  auto model = make(tg::sgd{});
  model.fit(data, quiet(2));
  auto const expected = all_weights(model);
  auto const trained = [&](tg::samples const& s, bool shuffle = true) {
    auto other = make(tg::sgd{});
    other.fit(s, {.epochs = 2, .shuffle = shuffle, .verbose = false});
    return all_weights(other);
  };
  CHECK(same(trained({xt::xtensor<double, 2>(data.x), xt::xtensor<std::int64_t, 1>(data.y)}),
             expected));
  CHECK(same(trained({xt::xtensor<std::int32_t, 2>(data.x), xt::xtensor<float, 1>(data.y)}),
             expected));
  CHECK(same(trained({xt::xtensor<std::int8_t, 2>(data.x), xt::xtensor<std::uint8_t, 1>(data.y)}),
             expected));
  CHECK(same(trained({xt::xtensor<double, 2>(data.x), xt::xtensor<double, 1>(data.y)}, false),
             trained(data, false)));
  CHECK(std::abs(model.evaluate({xt::xtensor<double, 2>(data.x), data.y}).loss -
                 model.evaluate(data).loss) < 1e-12);
  CHECK(model.predict(xt::xtensor<double, 2>(data.x)) == model.predict(data.x));
}

TEST_CASE("class weights are sample weights by class") {
  auto const data = some_data(45);
  xt::xtensor<float, 1> weights = xt::ones<float>({45});
  for (std::size_t i = 0; i < 45; ++i)
    if (data.y(i) == 1) weights(i) = 0.25F;
    else if (data.y(i) == 2) weights(i) = 3;
  auto a = make();
  auto b = make();
  auto c = make();
  a.fit(data, {.epochs = 2, .class_weight = {{1, 0.25F}, {2, 3.0F}}, .verbose = false});
  b.fit({data.x, data.y, weights}, quiet(2));
  c.fit(data, quiet(2));
  CHECK(same(all_weights(a), all_weights(b)));
  CHECK_FALSE(same(all_weights(a), all_weights(c)));
  // the loss counts them, the metrics do not
  CHECK(b.evaluate({data.x, data.y, weights}).loss != b.evaluate(data).loss);
  CHECK(b.evaluate({data.x, data.y, weights}).accuracy == b.evaluate(data).accuracy);
}

TEST_CASE("validation_split holds back the end") {
  auto const data = some_data(50);
  auto a = make();
  auto b = make();
  auto const x = xt::view(data.x, xt::range(0, 40));
  auto const y = xt::view(data.y, xt::range(0, 40));
  auto const from_split = a.fit(data, {.epochs = 2, .validation_split = 0.2, .verbose = false});
  auto const given = b.fit(
      {x, y},
      {.epochs = 2,
       .validation_data = {xt::view(data.x, xt::range(40, 50)), xt::view(data.y, xt::range(40, 50))},
       .verbose = false});
  CHECK(same(all_weights(a), all_weights(b)));
  CHECK(from_split["val_loss"] == given["val_loss"]);
}

TEST_CASE("epochs go on where they were") {
  auto const data = some_data(40);
  auto a = make<dropping>(tg::adam{});
  auto b = make<dropping>(tg::adam{});
  a.fit(data, quiet(4));
  b.fit(data, quiet(2));
  auto const history =
      b.fit(data, {.epochs = 4, .verbose = false, .initial_epoch = 2});
  CHECK(history.epochs() == std::vector<int>{3, 4});
  CHECK(same(all_weights(a), all_weights(b)));
}

TEST_CASE("training is the same at any number of threads", "[threads]") {
  auto const data = some_data(150);
  std::vector<float> results[3];
  for (int threads = 1; threads <= 3; ++threads) {
    tg::set_threads(threads);
    CHECK(tg::threads() == threads);
    auto model = make<dropping>(tg::adam{.global_clipnorm = 1});
    model.fit(data, quiet(2, 50));
    results[threads - 1] = all_weights(model);
  }
  tg::set_threads(0);
  CHECK(same(results[0], results[1]));
  CHECK(same(results[0], results[2]));
}

TEST_CASE("a loss that is not finite stops training before it harms the weights") {
  auto data = some_data(40);
  auto model = make(tg::sgd{.learning_rate = 0.01F});
  model.fit(data, quiet(1));
  auto const before = all_weights(model);
  data.x(7, 3) = std::numeric_limits<float>::infinity();
  auto const error = fit_error(model, data, quiet(3, 64));
  CHECK(error.starts_with("fit: the loss is "));
  CHECK(error.find(" in epoch 2, step 3; input ") != std::string::npos);
  CHECK(error.find(" is infinity; the weights are those before that step.") != std::string::npos);
  CHECK(same(all_weights(model), before));
  CHECK(fit_error(model, data, {.verbose = false, .check_finite = false}).empty());
  auto const after = all_weights(model);
  CHECK(std::any_of(after.begin(), after.end(), [](float w) { return std::isnan(w); }));
}

TEST_CASE("wrong data and options are told") {
  auto data = some_data(40);
  auto model = make();
  CHECK(fit_error(model, {xt::zeros<float>({4, 7}), xt::zeros<int>({4})}, quiet(1)) ==
        "fit: x needs samples of extents 8, got an array of shape 4x7");
  CHECK(fit_error(model, data, quiet(1, 0)) == "fit: batch_size must be positive, got 0");
  CHECK(fit_error(model, data, {.validation_split = 1}) ==
        "fit: validation_split must be at least 0 and below 1, got 1");
  CHECK(fit_error(model, data, {.validation_split = 0.99}) ==
        "fit: validation_split 0.99 of 40 samples leaves 0 for training and 40 for validation");
  CHECK(fit_error(model, data, {.validation_data = {data.x, xt::zeros<int>({3})}}) ==
        "fit: validation_data: x has 40 samples and y has 3; they must be as many");
  data.y(30) = 4;
  CHECK(fit_error(model, data, quiet(1)) ==
        "fit: y has 4 in row 30, which is not a class from 0 to 3");
  CHECK_THROWS_WITH(model.evaluate(data),
                    "evaluate: y has 4 in row 30, which is not a class from 0 to 3");
  CHECK_THROWS_WITH(tg::compile<plain>(tg::adam{.beta_1 = 2}, from_logits{}),
                    "adam: beta_1 must be at least 0 and below 1, got 2");
}

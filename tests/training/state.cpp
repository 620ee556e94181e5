// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <typegrad/io/checkpoint.hpp>
#include <typegrad/io/safetensors.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

// What training keeps beside the trained weights: moving statistics, and state of one's own.

namespace tg = typegrad;

namespace {

// The network of oracles/norms.safetensors.
template <class First>
using model_of =
    tg::sequential<tg::input<4, 3>, First, tg::dense<5, tg::relu>,
                   tg::batch_normalization<tg::momentum(0.9)>, tg::flatten, tg::dense<3>>;
using normalized = model_of<tg::batch_normalization<>>;
using half_frozen = model_of<tg::frozen<tg::batch_normalization<>>>;
using from_logits = tg::sparse_categorical_crossentropy<tg::from_logits>;

std::vector<float> stored(std::string const& name) {
  static auto const file =
      tg::safetensors::read(TYPEGRAD_TESTS_DIR "/oracles/norms.safetensors");
  auto const tensor = file.at(name);
  std::vector<float> out(tensor.size());
  tensor.copy_to(std::span<float>(out));
  return out;
}

double far(float got, float want) {
  return std::abs(static_cast<double>(got) - static_cast<double>(want)) /
         std::max(1.0, std::abs(static_cast<double>(want)));
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

struct data_set {
  xt::xtensor<float, 3> x;
  xt::xtensor<std::int32_t, 1> y;
};

data_set some_data(std::size_t rows) {
  data_set d;
  d.x = xt::xtensor<float, 3>::from_shape({rows, 4, 3});
  d.y = xt::xtensor<std::int32_t, 1>::from_shape({rows});
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < 12; ++k)
      d.x(i, k / 3, k % 3) = static_cast<float>((i * 131 + k * k * 71 + i * k * 17) % 64) / 16 - 1;
    d.y(i) = static_cast<std::int32_t>(i * 7 % 3);
  }
  return d;
}

template <class Net>
void follow(std::string const& name) {
  auto model =
      tg::compile<Net>(tg::sgd{.learning_rate = 0.1F, .momentum = 0.9F}, from_logits{});
  for (auto& w : model.weights()) {
    auto const start = stored("train/start/" + w.path);
    REQUIRE(start.size() == w.values.size());
    std::copy(start.begin(), start.end(), w.values.data());
  }
  auto const x = stored("train/x");
  auto const y = stored("train/y");
  auto const losses = stored(name + "/loss");
  auto const batch = [&](std::size_t step) {
    return tg::samples{xt::adapt(x.data() + 72 * step, 72, xt::no_ownership(),
                                 std::array<std::size_t, 3>{6, 4, 3}),
                       std::span<float const>(y.data() + 6 * step, 6)};
  };
  for (std::size_t step = 0; step < 5; ++step) {
    auto const [loss] = model.train_on_batch(batch(step));
    INFO(name << ", step " << step + 1);
    CHECK(far(static_cast<float>(loss), losses[step]) < 1e-5);
    for (auto const& w : model.weights()) {
      auto const after = stored(name + "/" + w.path);
      double worst = 0;
      for (std::size_t i = 0; i < w.values.size(); ++i)
        worst = std::max(worst, far(w.values.data()[i], after[step * w.values.size() + i]));
      INFO(w.path);
      CHECK(worst < 2e-5);
    }
  }
  auto const [loss] = model.evaluate(batch(0));  // with the moving statistics
  CHECK(far(static_cast<float>(loss), stored(name + "/evaluated")[0]) < 2e-5);
}

}  // namespace

TEST_CASE("batch normalization trains as Keras's, frozen or not") {
  follow<normalized>("train");
  follow<half_frozen>("train_frozen");
}

TEST_CASE("a loss that is not finite leaves the moving statistics alone") {
  auto const [x, y] = some_data(32);
  auto model = tg::compile<normalized>(tg::adam{}, from_logits{});
  model.train_on_batch(x, y);
  auto const before = all_weights(model);
  auto broken = x;
  broken(3, 1, 1) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(model.train_on_batch(broken, y), std::runtime_error);
  CHECK(same(all_weights(model), before));
  model.train_on_batch(x, y);
  CHECK(!same(all_weights(model), before));
}

TEST_CASE("evaluate and predict neither use a batch's statistics nor change the moving ones") {
  auto const [x, y] = some_data(64);
  auto model = tg::compile<normalized>(tg::adam{}, from_logits{});
  for (int i = 0; i < 3; ++i) model.train_on_batch(x, y);
  auto const before = all_weights(model);
  auto const whole = model.predict(x);
  xt::xtensor<float, 3> const few = xt::view(x, xt::range(0, 2), xt::all(), xt::all());
  auto const two = model.predict(few);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t k = 0; k < 3; ++k) CHECK(std::abs(two(i, k) - whole(i, k)) < 1e-5F);
  auto const [all] = model.evaluate({x, y});
  auto const [same_all] = model.evaluate({x, y}, {.batch_size = 5});
  CHECK(std::abs(all - same_all) < 1e-5);
  CHECK(same(all_weights(model), before));
}

TEST_CASE("moving statistics are in checkpoints") {
  auto const [x, y] = some_data(64);
  std::string const path =
      (std::filesystem::temp_directory_path() / "typegrad_state.safetensors").string();
  auto one = tg::compile<normalized>(tg::adam{}, from_logits{});
  one.fit({x, y}, {.epochs = 2, .batch_size = 16, .verbose = false});
  one.save(path);
  auto other = tg::compile<normalized>(tg::adam{}, from_logits{});
  other.initialize(9);
  other.load(path);
  CHECK(same(all_weights(one), all_weights(other)));
  one.fit({x, y}, {.epochs = 1, .batch_size = 16, .verbose = false});
  other.fit({x, y}, {.epochs = 1, .batch_size = 16, .verbose = false});
  CHECK(same(all_weights(one), all_weights(other)));
  tg::predictor<normalized> deployed;
  deployed.load_weights(path);
  other.load(path);
  CHECK(deployed.predict(x) == other.predict(x));
  std::remove(path.c_str());
}

TEST_CASE("normalization trains the same at any number of threads", "[threads]") {
  using wide = tg::sequential<tg::input<4, 3>, tg::dense<48>, tg::batch_normalization<>,
                              tg::activation<tg::relu>, tg::group_normalization<8>, tg::dense<40>,
                              tg::layer_normalization<>, tg::spatial_dropout1d<0.25F>,
                              tg::gaussian_noise<0.1F>, tg::gaussian_dropout<0.2F>,
                              tg::rms_normalization<>, tg::flatten, tg::dense<3>>;
  auto const [x, y] = some_data(300);
  std::vector<float> first;
  for (int const threads : {1, 2, 3}) {
    tg::set_threads(threads);
    auto model = tg::compile<wide>(tg::adam{}, from_logits{});
    model.fit({x, y}, {.epochs = 2, .batch_size = 128, .verbose = false});
    auto const now = all_weights(model);
    if (first.empty()) first = now;
    CHECK(same(now, first));
  }
  tg::set_threads(0);
}

namespace {

/// Counts the steps of training, and is far from 1.
struct counter : tg::layer<counter> {
  tg::symbol steps;
  constexpr void build(tg::weights& add) { steps = add.state("steps", {2}, tg::constant{1e8F}); }
  constexpr tg::symbol call(tg::symbol x) {
    update(steps, latest(steps) + 64);
    return x;
  }
};

}  // namespace

TEST_CASE("state of one's own is kept, and is no part of a gradient's norm") {
  using counted = tg::sequential<tg::input<4, 3>, tg::flatten, tg::dense<3>, counter>;
  using plain = tg::sequential<tg::input<4, 3>, tg::flatten, tg::dense<3>>;
  STATIC_CHECK(tg::parameter_count<counted> == tg::parameter_count<plain> + 2);
  STATIC_CHECK(tg::trainable_parameter_count<counted> == tg::parameter_count<plain>);
  auto const [x, y] = some_data(64);
  auto const optimizer = tg::sgd{.learning_rate = 0.1F, .global_clipnorm = 0.01F};
  auto one = tg::compile<counted>(optimizer, from_logits{});
  auto other = tg::compile<plain>(optimizer, from_logits{});
  tg::fit_options const options{.epochs = 3, .batch_size = 16, .verbose = false};
  one.fit({x, y}, options);
  other.fit({x, y}, options);
  auto all = all_weights(one);
  REQUIRE(all.size() == all_weights(other).size() + 2);
  CHECK(all[all.size() - 1] == 1e8F + 64 * 12);
  CHECK(all[all.size() - 2] == 1e8F + 64 * 12);
  all.resize(all.size() - 2);
  CHECK(same(all, all_weights(other)));
}

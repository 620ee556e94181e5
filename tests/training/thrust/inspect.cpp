// SPDX-License-Identifier: BSL-1.0
#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

#include <typegrad/data/augmentation/random_flip.hpp>
#include <typegrad/io/profile.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

// Looking into training on Thrust: profiles, and where a loss that is not finite comes from.

namespace {

namespace tg = typegrad;
using on_thrust = tg::on<tg::thrust>;

struct inspected_logarithm : tg::layer<inspected_logarithm> {
  constexpr tg::symbol call(tg::symbol x) { return log(x); }
};
struct inspected_tower : tg::layer<inspected_tower> {
  tg::dense<6, tg::relu> first;
  inspected_logarithm second;
  constexpr tg::symbol call(tg::symbol x) { return second(first(x)); }
};
using inspected_net =
    tg::sequential<tg::input<4, 2, 1>, tg::flatten, inspected_tower, tg::dense<1>>;
using profiled_net = tg::sequential<tg::input<20>, tg::dense<32, tg::relu>,
                                    tg::batch_normalization<>, tg::dropout<0.5F>, tg::dense<4>>;

/// Positive numbers and weights but for one sample, whose logarithm there is not.
struct bad_sample {
  xt::xtensor<float, 4> x = xt::ones<float>({40, 4, 2, 1});
  xt::xtensor<float, 2> y = xt::ones<float>({40, 1});
  bad_sample() {
    for (std::size_t i = 0; i < 4; ++i) x(27, i, 0, 0) = -1e4F;
  }
};

template <class Where>
auto inspected_model() {
  auto model =
      tg::compile<inspected_net, Where>(tg::sgd{.learning_rate = 1e-4F}, tg::mean_squared_error{});
  model.initialize(3);
  model.weight("inspected_tower/dense/kernel") = 1.0F;
  model.weight("inspected_tower/dense/bias") = 20.0F;
  return model;
}

/// What `fit` says of samples, and how many steps were done before.
template <class Where>
std::string said(tg::samples const& data, tg::fit_options options = {}) {
  auto model = inspected_model<Where>();
  options.batch_size = 8;
  options.verbose = false;
  try {
    model.fit(data, options);
  } catch (std::runtime_error const& e) {
    return e.what() + std::string(" [") + std::to_string(model.step()) + "]";
  }
  return {};
}
bool has(std::string const& text, std::string const& what) {
  INFO(text);
  bool const found = text.find(what) != std::string::npos;
  CHECK(found);
  return found;
}

template <class Model>
std::vector<float> state_of(Model& model) {
  std::vector<float> all;
  for (auto const& w : model.weights()) all.insert(all.end(), w.values.begin(), w.values.end());
  for (int i = 0; i < tg::adam::slots; ++i)
    for (std::int64_t k = 0; k < model.state().slots[i].size(); ++k)
      all.push_back(model.state().slot(i)[k]);
  return all;
}

}  // namespace

TEST_CASE("thrust: fit says where a loss that is not finite comes from, as on the CPU",
          "[thrust]") {
  bad_sample const data;
  std::string const here = said<on_thrust>({data.x, data.y}, {.epochs = 3});
  has(here, "fit: the loss is NaN in epoch 1, step ");
  has(here, "; the first -infinity comes up in layer inspected_tower/inspected_logarithm (");
  has(here, " (from 0) of the batch; the weights are those before that step");
  CHECK(here == said<tg::on<tg::cpu>>({data.x, data.y}, {.epochs = 3}));
  // in order it is the fourth batch's fourth sample
  std::string const ordered = said<on_thrust>({data.x, data.y}, {.shuffle = false});
  has(ordered, "in epoch 1, step 4; ");
  has(ordered, ", with sample 3 (from 0) of the batch; ");
  has(ordered, " [3]");

  bad_sample other;
  other.x(27, 1, 1, 0) = std::numeric_limits<float>::infinity();
  std::string const read = said<on_thrust>({other.x, other.y}, {.shuffle = false});
  has(read, "; input \"input\" of sample 3 (from 0) of the batch is infinity; ");
}

TEST_CASE("thrust: fit finds the sample again among augmented ones", "[thrust]") {
  bad_sample data;
  // only where it is flipped are they not all negative: which epoch that is the seed decides
  tg::random_flip const flip{tg::flip::horizontal};
  std::string const here = said<on_thrust>(tg::augmented(tg::samples{data.x, data.y}, flip));
  has(here, "layer inspected_tower/inspected_logarithm (");
  CHECK(here == said<tg::on<tg::cpu>>(tg::augmented(tg::samples{data.x, data.y}, flip)));
}

TEST_CASE("thrust: train_on_batch says so too, also of values of 16 bits", "[thrust]") {
  auto model = inspected_model<tg::on<tg::thrust, tg::mixed_float16>>();
  bad_sample data;
  auto const before = model.step();
  std::string error;
  try {
    model.train_on_batch(data.x, data.y);
  } catch (std::runtime_error const& e) {
    error = e.what();
  }
  has(error, "train_on_batch: the loss is ");
  has(error, " comes up in layer inspected_tower/");
  has(error, ", with sample 27 (from 0) of the batch");
  CHECK(model.step() == before);
}

TEST_CASE("thrust: a step of training is profiled and nothing is changed", "[thrust]") {
  auto const make = [] {
    auto model = tg::compile<profiled_net, on_thrust>(
        tg::adam{}, tg::sparse_categorical_crossentropy<tg::from_logits>{});
    model.initialize(1);
    return model;
  };
  auto model = make(), other = make();
  xt::xtensor<float, 2> x = xt::zeros<float>({64, 20});
  xt::xtensor<int, 1> y = xt::zeros<int>({64});
  for (std::size_t i = 0; i < 64; ++i) {
    y(i) = static_cast<int>(i % 4);
    for (std::size_t k = 0; k < 20; ++k) x(i, k) = std::sin(static_cast<float>(i * 3 + k));
  }
  for (auto* m : {&model, &other}) m->fit({x, y}, {.epochs = 1, .verbose = false});
  tg::step_profile const p = model.profile(x, y, {.batch_size = 16, .seconds = 0});
  CHECK(model.step() == other.step());
  CHECK(state_of(model) == state_of(other));

  CHECK(p.batch_size == 16);
  CHECK(p.runs >= 5);
  CHECK_FALSE(p.device.empty());
  CHECK(p.limits.flops > 1e8);
  CHECK(p.limits.bytes > 1e8);
  CHECK(p.seconds > 0);
  REQUIRE(p.kernels.size() >= 3);
  double flops = 0;
  bool named = false;
  for (auto const& k : p.kernels) {
    CHECK(k.seconds >= 0);
    flops += k.flops;
    named = named || k.layer == "dense_1";
  }
  CHECK(named);
  CHECK(flops >= 2.0 * 16 * static_cast<double>(decltype(model)::training_multiply_adds));
  CHECK(p.kernels.back().computes == "adam, the optimizer");
  has(p.text(), "A step of training of \"sequential\": 16 samples, " + p.device + "; medians of ");
  has(p.text(), "; the device: ");

  for (auto* m : {&model, &other}) m->fit({x, y}, {.epochs = 1, .verbose = false});
  CHECK(state_of(model) == state_of(other));
}

TEST_CASE("thrust: a prediction is profiled", "[thrust]") {
  tg::predictor<profiled_net, on_thrust> model;
  xt::xtensor<float, 2> const x = xt::ones<float>({8, 20});
  auto const before = model.predict(x);
  auto const p = model.profile(x, {.batch_size = 5, .seconds = 0});
  CHECK(p.what == "prediction");
  CHECK(p.batch_size == 5);
  double flops = 0;
  for (auto const& k : p.kernels) flops += k.flops;
  CHECK(flops >= 2 * 5 * (20 * 32 + 32 * 4));
  CHECK(model.predict(x) == before);
}

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

/// Images of two columns, and one (27) of which the right column is far below zero.
struct bad_sample {
  xt::xtensor<float, 4> x = xt::ones<float>({40, 4, 2, 1});
  xt::xtensor<float, 2> y = xt::ones<float>({40, 1});
  explicit bad_sample(std::size_t which = 27, std::size_t column = 1) {
    for (std::size_t i = 0; i < 4; ++i) x(which, i, column, 0) = -1e3F;
  }
};

/// The left column counts, the right one hardly: a logarithm of what is not positive comes up if
/// the left one is far below zero.
template <class Where>
auto inspected_model(std::uint64_t seed = 3) {
  auto model =
      tg::compile<inspected_net, Where>(tg::sgd{.learning_rate = 1e-8F}, tg::mean_squared_error{});
  model.initialize(seed);
  xt::xtensor<float, 2> kernel = xt::ones<float>({8, 6});
  for (std::size_t i = 1; i < 8; i += 2) xt::row(kernel, static_cast<int>(i)) = 0.001F;
  model.weight("inspected_tower/dense/kernel") = kernel;
  model.weight("inspected_tower/dense/bias") = 20.0F;
  return model;
}

/// What `fit` says of samples, and how many steps were done before. `trained`: with two epochs of
/// good samples before.
template <class Where>
std::string said(tg::samples const& data, tg::fit_options options = {}, bool trained = false,
                 std::uint64_t seed = 3) {
  auto model = inspected_model<Where>(seed);
  options.batch_size = 12;  // the last of an epoch has 4
  options.verbose = false;
  bad_sample good;
  good.x = xt::ones<float>({40, 4, 2, 1});
  if (trained) model.fit({good.x, good.y}, {.epochs = 2, .batch_size = 16, .verbose = false});
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
  using on_cpu = tg::on<tg::cpu>;
  bad_sample const left(27, 0);
  std::string const here = said<on_thrust>({left.x, left.y}, {.epochs = 3});
  has(here, "fit: the loss is NaN in epoch 1, step ");
  has(here, "; the first -infinity comes up in layer inspected_tower/inspected_logarithm (");
  has(here, " (from 0) of the batch; the weights are those before that step");
  CHECK(here == said<on_cpu>({left.x, left.y}, {.epochs = 3}));
  // with epochs before
  std::string const later = said<on_thrust>({left.x, left.y}, {.epochs = 3}, true);
  has(later, "fit: the loss is NaN in epoch 3, step ");
  CHECK(later == said<on_cpu>({left.x, left.y}, {.epochs = 3}, true));
  // in order: the third batch's fourth sample, or the last of the short one
  std::string const ordered = said<on_thrust>({left.x, left.y}, {.shuffle = false});
  has(ordered, "in epoch 1, step 3; ");
  has(ordered, ", with sample 3 (from 0) of the batch; ");
  has(ordered, " [2]");
  bad_sample const last(39, 0);
  std::string const at_end = said<on_thrust>({last.x, last.y}, {.shuffle = false});
  has(at_end, "in epoch 1, step 4; ");
  has(at_end, ", with sample 3 (from 0) of the batch; ");

  bad_sample read;
  read.x(27, 1, 1, 0) = std::numeric_limits<float>::infinity();
  has(said<on_thrust>({read.x, read.y}, {.shuffle = false}),
      "; input \"input\" of sample 3 (from 0) of the batch is infinity; ");
}

TEST_CASE("thrust: fit finds the sample again among augmented ones", "[thrust]") {
  // it must be flipped to do harm: the seed and the epoch decide
  bad_sample const right;
  tg::samples const data = tg::augmented(tg::samples{right.x, right.y}, tg::random_flip{});
  bool late = false;
  for (std::uint64_t const seed : {1U, 2U, 3U, 4U, 5U}) {
    std::string const here = said<on_thrust>(data, {.epochs = 8}, false, seed);
    has(here, "layer inspected_tower/inspected_logarithm (");
    CHECK(here == said<tg::on<tg::cpu>>(data, {.epochs = 8}, false, seed));
    late = late || here.find("in epoch 1,") == std::string::npos;
  }
  CHECK(late);
}

TEST_CASE("thrust: fit that is given up does not count steps that changed nothing", "[thrust]") {
  bad_sample const data(14, 0);  // in the second batch
  auto model = inspected_model<on_thrust>();
  int seen = 0;
  auto const fails = [&](tg::augmented_sample const&, tg::sample_random&) {
    if (++seen == 40) throw std::domain_error("of a transform");
  };
  CHECK_THROWS_AS(model.fit(tg::augmented(tg::samples{data.x, data.y}, fails),
                            {.batch_size = 12, .shuffle = false, .verbose = false}),
                  std::domain_error);
  CHECK(model.step() == 1);
  bad_sample good;
  good.x = xt::ones<float>({40, 4, 2, 1});
  CHECK(std::isfinite(model.evaluate({good.x, good.y}).loss));
  model.fit({good.x, good.y}, {.epochs = 1, .batch_size = 20, .verbose = false});
  CHECK(model.step() == 3);
}

TEST_CASE("thrust: train_on_batch says so too, also of values of 16 bits", "[thrust]") {
  auto model = inspected_model<tg::on<tg::thrust, tg::mixed_float16>>();
  bad_sample const data(27, 0);
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

// SPDX-License-Identifier: BSL-1.0
#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

// Training on Thrust: what fit, evaluate, predict, checkpoints and errors do there.

namespace {

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using on_thrust = tg::on<tg::thrust>;

// State, dropout, and a convolution.
using net = tg::sequential<tg::input<6, 6, 1>, tg::conv2d<3, 3, tg::same, tg::no_bias>,
                           tg::batch_normalization<>, tg::activation<tg::relu>,
                           tg::max_pooling2d<2>, tg::flatten, tg::dropout<0.25F>, tg::dense<2>>;
using plain = tg::sequential<tg::input<4>, tg::dense<8, tg::relu>, tg::dense<1>>;

struct two_by_two : tg::network<two_by_two> {
  using inputs = tg::inputs<tg::named<"ids", 3, tg::dtype::int32>, tg::named<"numbers", 4>>;
  tg::embedding<5, 2> table;
  tg::dense<6, tg::relu> hidden;
  tg::dense<1> mean_head;
  tg::dense<2> class_head;
  constexpr auto call(tg::symbol ids, tg::symbol numbers) {
    tg::symbol const x = hidden(concatenate(reshape(table(ids), {6}), numbers));
    tg::symbol const mean = mean_head(x);
    return tg::outputs(tg::output<"mean">(mean), tg::output<"class">(class_head(x)));
  }
};

struct images {
  xt::xtensor<float, 3> x = xt::zeros<float>({70, 6, 6});
  xt::xtensor<int, 1> y = xt::zeros<int>({70});
  images() {
    for (std::size_t i = 0; i < 70; ++i) {
      y(i) = static_cast<int>(i % 2);
      for (std::size_t r = 0; r < 6; ++r)
        for (std::size_t c = 0; c < 6; ++c)
          x(i, r, c) = std::sin(static_cast<float>(i + 5 * r + 3 * c)) +
                       (y(i) == 1 ? static_cast<float>(r) / 3 : static_cast<float>(c) / 3);
    }
  }
};
struct numbers {
  xt::xtensor<float, 2> x, y;
  explicit numbers(std::size_t count = 40)
      : x{xt::zeros<float>({count, std::size_t{4}})},
        y{xt::zeros<float>({count, std::size_t{1}})} {
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t k = 0; k < 4; ++k) {
        x(i, k) = std::cos(static_cast<float>(3 * i + k));
        y(i, 0) += x(i, k);
      }
  }
};

auto image_model() {
  return tg::compile<net, on_thrust>(tg::adam{.learning_rate = 0.01F},
                                     tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                     tg::accuracy{});
}
auto number_model() {
  return tg::compile<plain, on_thrust>(tg::sgd{.learning_rate = 0.05F, .momentum = 0.9F},
                                       tg::mean_squared_error{});
}

}  // namespace

TEST_CASE("thrust: a network with state and dropout trains as on the CPU", "[thrust]") {
  images const data;
  auto here =
      tg::compile<net>(tg::adam{.learning_rate = 0.01F},
                       tg::sparse_categorical_crossentropy<tg::from_logits>{}, tg::accuracy{});
  auto there = image_model();
  here.initialize(3);
  there.initialize(3);
  tg::fit_options const options{
      .epochs = 3, .batch_size = 32, .validation_split = 0.2, .verbose = false};
  auto const a = here.fit({data.x, data.y}, options);
  auto const b = there.fit({data.x, data.y}, options);
  for (auto const* name : {"loss", "accuracy", "val_loss", "val_accuracy"})
    for (std::size_t e = 0; e < 3; ++e) CHECK(std::abs(a[name][e] - b[name][e]) < 2e-4);
  CHECK(there.step() == here.step());
  CHECK(there.epoch() == 3);
  auto const left = here.predict(data.x), right = there.predict(data.x);
  CHECK(xt::amax(xt::abs(left - right))() < 2e-3F);
  auto const mine = here.weight("batch_normalization/moving_mean");
  auto const theirs = there.weight("batch_normalization/moving_mean");
  CHECK(xt::amax(xt::abs(mine - theirs))() < 1e-4F);
  CHECK(std::abs(here.evaluate({data.x, data.y}).loss - there.evaluate({data.x, data.y}).loss) <
        2e-4);
}

TEST_CASE("thrust: sample and class weights", "[thrust]") {
  numbers const data;
  xt::xtensor<float, 1> const weights = xt::linspace<float>(0, 2, 40);
  auto here = tg::compile<plain>(tg::sgd{.learning_rate = 0.05F, .momentum = 0.9F},
                                 tg::mean_squared_error{});
  auto there = number_model();
  here.initialize(1);
  there.initialize(1);
  tg::fit_options const options{.epochs = 5, .batch_size = 7, .verbose = false};
  auto const a = here.fit({data.x, data.y, weights}, options);
  auto const b = there.fit({data.x, data.y, weights}, options);
  CHECK(std::abs(a["loss"].back() - b["loss"].back()) < 1e-5);
}

TEST_CASE("thrust: large batches, whose steps are a chain", "[thrust]") {
  numbers const data(4200);
  auto here = tg::compile<plain>(tg::sgd{.learning_rate = 0.05F, .momentum = 0.9F},
                                 tg::mean_squared_error{});
  auto there = number_model();
  here.initialize(1);
  there.initialize(1);
  for (int step = 0; step < 3; ++step) {
    auto const a = here.train_on_batch({data.x, data.y});
    auto const b = there.train_on_batch({data.x, data.y});
    CHECK(std::abs(a.loss - b.loss) < 1e-4 * a.loss);
  }
  CHECK(xt::amax(xt::abs(here.weight("dense/kernel") - there.weight("dense/kernel")))() < 1e-4F);
  auto const a = here.predict(data.x, {.batch_size = 4200});
  auto const b = there.predict(data.x, {.batch_size = 4200});
  CHECK(xt::amax(xt::abs(a - b))() < 1e-3F);
}

TEST_CASE("thrust: weights are looked at and changed between steps", "[thrust]") {
  numbers const data;
  auto model = number_model();
  model.initialize(1);
  auto const before = model.evaluate({data.x, data.y}).loss;
  xt::xtensor<float, 2> const kernel = model.weight("dense/kernel");
  auto const first = model.train_on_batch({data.x, data.y});
  CHECK(std::abs(first.loss - before) < 1e-5);
  CHECK(xt::amax(xt::abs(model.weight("dense/kernel") - kernel))() > 0);
  model.weight("dense_1/kernel").fill(0);
  model.weight("dense_1/bias").fill(0.5F);
  auto const y = model.predict(data.x);
  CHECK(xt::all(xt::equal(y, 0.5F)));
  model.train_on_batch({data.x, data.y});
  CHECK(xt::amax(xt::abs(model.weight("dense_1/kernel")))() > 0);
}

TEST_CASE("thrust: training goes on from a checkpoint, there or on the CPU", "[thrust]") {
  numbers const data;
  tg::fit_options const options{.epochs = 2, .batch_size = 8, .verbose = false};
  std::string const path = "thrust_checkpoint.safetensors";
  auto model = number_model();
  model.initialize(9);
  model.fit({data.x, data.y}, options);
  model.save(path);
  auto const straight = model.fit({data.x, data.y}, options);

  auto there = number_model();
  there.load(path);
  CHECK(there.fit({data.x, data.y}, options)["loss"].back() == straight["loss"].back());
  auto here = tg::compile<plain>(tg::sgd{.learning_rate = 0.05F, .momentum = 0.9F},
                                 tg::mean_squared_error{});
  here.load(path);
  CHECK(std::abs(here.fit({data.x, data.y}, options)["loss"].back() - straight["loss"].back()) <
        1e-6);
  std::remove(path.c_str());
}

TEST_CASE("thrust: a loss that is not finite stops training before its step", "[thrust]") {
  numbers data;
  auto model = number_model();
  model.initialize(1);
  model.fit({data.x, data.y}, {.epochs = 1, .batch_size = 10, .shuffle = false, .verbose = false});
  xt::xtensor<float, 2> const kernel = model.weight("dense/kernel");
  xt::xtensor<float, 2> wrong = data.y;
  wrong(0, 0) = 1e30F;  // its square is infinite
  CHECK_THROWS_MATCHES(
      model.fit({data.x, wrong},
                {.epochs = 1, .batch_size = 10, .shuffle = false, .verbose = false}),
      std::runtime_error,
      MessageMatches(ContainsSubstring("the loss is infinite") &&
                     ContainsSubstring("in epoch 2, step 5")));
  CHECK(xt::all(xt::equal(model.weight("dense/kernel"), kernel)));
  CHECK(model.step() == 4);
  // and goes on when asked to
  model.fit({data.x, data.y}, {.epochs = 1, .batch_size = 10, .verbose = false});
  CHECK(model.step() == 8);
}

TEST_CASE("thrust: gradients of the output, and a predictor by itself", "[thrust]") {
  numbers const data;
  tg::predictor<plain> here;
  tg::predictor<plain, on_thrust> there;
  here.initialize(4);
  there.copy_weights(here);
  auto const half_square = [](tg::symbol y) { return 0.5F * tg::sum(tg::square(y)); };
  auto const a = here.gradient(half_square, data.x);
  auto const b = there.gradient(half_square, data.x);
  CHECK(std::abs(a.value() - b.value()) < 1e-4F);
  CHECK(xt::amax(xt::abs(a.input() - b.input()))() < 1e-5F);
  CHECK(xt::amax(xt::abs(a.weight("dense/kernel") - b.weight("dense/kernel")))() < 1e-4F);
  auto const left = here.predict(data.x, {.batch_size = 7}),
             right = there.predict(data.x, {.batch_size = 7});
  CHECK(xt::amax(xt::abs(left - right))() < 1e-5F);
}

TEST_CASE("thrust: a model on a device is moved and not copied", "[thrust]") {
  auto model = number_model();
  auto moved = std::move(model);
  numbers const data;
  CHECK(std::isfinite(moved.train_on_batch({data.x, data.y}).loss));
  CHECK_THROWS_MATCHES(decltype(moved)(moved), std::logic_error,
                       MessageMatches(ContainsSubstring("cannot be copied")));
}

TEST_CASE("thrust: several inputs and outputs, with weights of the losses", "[thrust]") {
  using namespace tg::literals;
  numbers const data;
  xt::xtensor<std::int64_t, 2> ids = xt::zeros<std::int64_t>({40, 3});
  for (std::size_t i = 0; i < 120; ++i) ids.data()[i] = static_cast<std::int64_t>(i * i % 5);
  xt::xtensor<int, 1> classes = xt::zeros<int>({40});
  for (std::size_t i = 0; i < 40; ++i) classes(i) = data.x(i, 0) > 0 ? 1 : 0;
  auto const losses =
      tg::losses("mean"_n = tg::mean_squared_error{},
                 "class"_n = tg::sparse_categorical_crossentropy<tg::from_logits>{});
  auto const factors = tg::loss_weights("class"_n = 0.25F, "mean"_n = 0.75F);
  auto const metrics = tg::metrics("class"_n = tg::accuracy{});
  auto here = tg::compile<two_by_two>(tg::adam{.learning_rate = 0.01F}, losses, factors, metrics);
  auto there = tg::compile<two_by_two, on_thrust>(tg::adam{.learning_rate = 0.01F}, losses, factors,
                                                  metrics);
  tg::samples const all{tg::by_name("numbers"_n = data.x, "ids"_n = ids),
                        tg::by_name("class"_n = classes, "mean"_n = data.y),
                        tg::by_name("mean"_n = xt::linspace<float>(0, 2, 40))};
  tg::fit_options const options{
      .epochs = 3, .batch_size = 9, .validation_split = 0.25, .verbose = false};
  auto const a = here.fit(all, options);
  auto const b = there.fit(all, options);
  for (auto const& [name, values] : a)
    for (std::size_t e = 0; e < 3; ++e) CHECK(std::abs(values[e] - b[name][e]) < 1e-5);
  here.loss_weights()[0] = there.loss_weights()[0] = 0;
  auto const one = here.train_on_batch(all);
  auto const other = there.train_on_batch(all);
  for (std::size_t i = 0; i < one.size; ++i)
    CHECK(std::abs(one[one.name(i)] - other[one.name(i)]) < 1e-5);
  auto const left = here.predict({ids, data.x});
  auto const right = there.predict({ids, data.x});
  CHECK(xt::amax(xt::abs(left["mean"_n] - right["mean"_n]))() < 1e-5F);
  CHECK(xt::amax(xt::abs(left["class"_n] - right["class"_n]))() < 1e-5F);
  CHECK(std::abs(here.evaluate(all).loss - there.evaluate(all).loss) < 1e-5);
}

// SPDX-License-Identifier: BSL-1.0
#include <typegrad/data/augmentation/random_flip.hpp>
#include <typegrad/training.hpp>

#include <typegrad/nn.hpp>
#include <typegrad/xtensor.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/misuse.hpp"

namespace tg = typegrad;

namespace {

using net = tg::sequential<tg::input<4>, tg::dense<3>>;
using sparse = tg::sparse_categorical_crossentropy<tg::from_logits>;

float const nan_value = std::numeric_limits<float>::quiet_NaN();
float const infinity = std::numeric_limits<float>::infinity();

struct some_data {
  xt::xtensor<float, 2> x = xt::ones<float>({8, 4});
  xt::xtensor<int, 1> y{0, 1, 2, 0, 1, 2, 0, 1};
};

/// Options for `fit` with one of them changed.
template <class Change>
tg::fit_options with(Change const& change) {
  tg::fit_options options{.verbose = false};
  change(options);
  return options;
}

}  // namespace

TEST_CASE("misuse: samples and options of fit, evaluate and train_on_batch") {
  auto const [x, y] = some_data{};
  auto model = tg::compile<net>(tg::sgd{.learning_rate = 0.1F}, sparse{}, tg::accuracy{});
  tg::fit_options const quiet{.verbose = false};
  auto const before = xt::xtensor<float, 2>(model.weight("dense/kernel"));
  auto const fit = [&](auto const& change) { model.fit({x, y}, with(change)); };
  xt::xtensor<float, 1> const ones = xt::ones<float>({8});

  support::check<std::invalid_argument>(
      {{"inputs without targets", [&] { model.fit({x, {}}, quiet); }, "fit: y is missing"},
       {"targets without inputs", [&] { model.fit({{}, y}, quiet); }, "fit: x is missing"},
       {"one-hot rows for a loss that reads labels",
        [&] { model.fit({x, xt::ones<float>({8, 3})}, quiet); },
        "fit: y needs one number a sample, got an array of shape 8x3; for one-hot rows use a loss "
        "that reads them, as categorical_crossentropy does"},
       {"a fraction as a label", [&] { model.fit({x, 0.5F * y}, quiet); },
        "fit: y has 0.5 in row 1, which is not a class from 0 to 2"},
       {"a negative label", [&] { model.fit({x, y - 1}, quiet); },
        "fit: y has -1 in row 0, which is not a class from 0 to 2"},
       {"an infinite label", [&] { model.fit({x, infinity * ones}, quiet); },
        "fit: y has inf in row 0, which is not a class from 0 to 2"},
       {"a label that int32 cannot hold",
        [&] { model.fit({x, xt::ones<std::int64_t>({8}) * (std::int64_t{1} << 32)}, quiet); },
        "fit: y has 4294967296 in row 0, which is not a class from 0 to 2"},
       {"NaN among the labels", [&] { model.fit({x, nan_value * ones}, quiet); },
        "fit: y has a NaN in row 0; remove such rows or fill in the missing values"},
       {"NaN in validation data",
        [&] { fit([&](auto& o) { o.validation_data = {x * nan_value, y}; }); },
        "fit: validation_data: x has a NaN in row 0; remove such rows or fill in the missing "
        "values"},
       {"a label of no class in validation data",
        [&] { fit([&](auto& o) { o.validation_data = {x, y + 1}; }); },
        "fit: validation_data: y has 3 in row 2, which is not a class from 0 to 2"},
       {"validation data without inputs", [&] { fit([&](auto& o) { o.validation_data.y = y; }); },
        "fit: validation_data: x is missing"},
       {"validation data without targets", [&] { fit([&](auto& o) { o.validation_data.x = x; }); },
        "fit: validation_data: y is missing"},
       {"validation data without samples",
        [&] { fit([&](auto& o) { o.validation_data = {xt::ones<float>({0, 4}), y}; }); },
        "fit: validation_data: x has no samples, its shape is 0x4"},
       {"a validation split below 0", [&] { fit([](auto& o) { o.validation_split = -0.1; }); },
        "fit: validation_split must be at least 0 and below 1, got -0.1"},
       {"a validation split of NaN",
        [&] { fit([](auto& o) { o.validation_split = std::nan(""); }); },
        "fit: validation_split must be at least 0 and below 1, got nan"},
       {"a validation split of a single sample",
        [&] {
          model.fit({xt::ones<float>({1, 4}), xt::zeros<int>({1})},
                    with([](auto& o) { o.validation_split = 0.5; }));
        },
        "fit: validation_split 0.5 of 1 samples leaves 0 for training and 1 for validation"},
       {"weights of several numbers a sample",
        [&] { model.fit({x, y, xt::ones<float>({8, 3})}, quiet); },
        "fit: sample_weight needs one number a sample, got an array of shape 8x3"},
       {"weights without samples", [&] { model.fit({x, y, xt::ones<float>({0})}, quiet); },
        "fit: sample_weight has no samples, its shape is 0"},
       {"NaN as a weight", [&] { model.fit({x, y, nan_value * ones}, quiet); },
        "fit: sample_weight has a NaN in row 0; remove such rows or fill in the missing values"},
       {"an infinite weight", [&] { model.fit({x, y, infinity * ones}, quiet); },
        "fit: sample_weight has inf in row 0; a sample's weight must be finite"},
       {"a weight for a class that there is not",
        [&] { fit([](auto& o) { o.class_weight = {{7, 2.0F}}; }); },
        "fit: class_weight has a class 7; the classes are 0 to 2"},
       {"two weights for a class",
        [&] { fit([](auto& o) { o.class_weight = {{1, 2.0F}, {1, 3.0F}}; }); },
        "fit: class_weight has class 1 twice"},
       {"a class weight of NaN", [&] { fit([](auto& o) { o.class_weight = {{1, nan_value}}; }); },
        "fit: class_weight of class 1 must be finite, got nan"},
       {"a batch size below 1", [&] { fit([](auto& o) { o.batch_size = -1; }); },
        "fit: batch_size must be positive, got -1"},
       {"a negative number of epochs", [&] { fit([](auto& o) { o.epochs = -1; }); },
        "fit: epochs and initial_epoch must not be negative, got -1 and 0"},
       {"a first epoch behind the last",
        [&] { fit([](auto& o) { o.epochs = 3, o.initial_epoch = 5; }); },
        "fit: initial_epoch is 5 and epochs is 3; epochs is the number of the last epoch, not how "
        "many are trained"},
       {"a validation frequency below 1", [&] { fit([](auto& o) { o.validation_freq = 0; }); },
        "fit: validation_freq must be positive, got 0"},
       {"evaluate without samples", [&] { model.evaluate({xt::ones<float>({0, 4}), y}); },
        "evaluate: x has no samples, its shape is 0x4"},
       {"evaluate with a batch size below 1", [&] { model.evaluate({x, y}, {.batch_size = 0}); },
        "evaluate: batch_size must be positive, got 0"},
       {"a batch of other extents", [&] { model.train_on_batch(xt::ones<float>({8, 5}), y); },
        "train_on_batch: x needs samples of extents 4, got an array of shape 8x5"},
       {"a batch without samples", [&] { model.train_on_batch(xt::ones<float>({0, 4}), y); },
        "train_on_batch: x has no samples, its shape is 0x4"},
       {"a batch with a label of no class", [&] { model.train_on_batch(x, y + 1); },
        "train_on_batch: y has 3 in row 2, which is not a class from 0 to 2"}});
  model.optimizer().learning_rate = -1;
  support::check<std::invalid_argument>(
      {{"an option changed to a value that cannot be, then fit", [&] { model.fit({x, y}, quiet); },
        "sgd: learning_rate must be zero or a positive number, got -1"},
       {"the same, then a batch", [&] { model.train_on_batch(x, y); },
        "sgd: learning_rate must be zero or a positive number, got -1"}});
  model.optimizer() = {.momentum = 0.9F};
  support::check<std::invalid_argument>(
      {{"an option changed that would need a new slot", [&] { model.train_on_batch(x, y); },
        "sgd: an option was changed to one that needs the slot \"momentum\", which is made at the "
        "start only; set the option there"}});
  model.optimizer() = {.learning_rate = 0.1F};
  support::check<std::runtime_error>(
      {{"a loss that is not finite", [&] { model.train_on_batch(x * infinity, y); },
        "train_on_batch: the loss is NaN in epoch 1, step 1; input \"input\" of sample 0 "
        "(from 0) of the batch is infinity; the weights are those before that "
        "step. Try a lower learning rate or clipnorm, and look for extreme values in the data "
        "(check_finite = false goes on regardless)"}});
  CHECK(model.weight("dense/kernel") == before);
  CHECK(model.step() == 0);
  // what is no mistake: a negative weight, no epochs, and epochs that were trained before
  model.fit({x, y, -ones}, quiet);
  model.fit({x, y}, with([](auto& o) { o.epochs = 0; }));
  model.fit({x, y}, with([](auto& o) { o.epochs = o.initial_epoch = 3; }));
  CHECK(model.step() == 1);
}

TEST_CASE("misuse: integers as targets that are no classes") {
  tg::training_detail::sample_layout layout;
  layout.inputs = {{"input", {4}}};
  layout.targets = {{{"output", {}, tg::dtype::int32}, 0, {}}};
  tg::training_detail::bound_samples bound;
  support::check<std::invalid_argument>(
      {{"a fraction where integers are read",
        [&] {
          tg::training_detail::bind("fit", {xt::ones<float>({3, 4}), xt::ones<float>({3}) * 2.5F},
                                    layout, bound);
          tg::training_detail::check_values("fit", bound, layout);
        },
        "fit: y has 2.5 in row 0; whole numbers from -2147483648 to 2147483647 are read"},
       {"a loss weight that is not finite",
        [] { tg::training_detail::check_loss_weight("main", nan_value); },
        "compile: loss_weights: that of output \"main\" must be finite, got nan"}});
}

TEST_CASE("misuse: options of optimizers") {
  support::check<std::invalid_argument>(
      {{"a negative learning rate", [] { tg::sgd{.learning_rate = -1}.check(); },
        "sgd: learning_rate must be zero or a positive number, got -1"},
       {"a learning rate of NaN", [] { tg::adam{.learning_rate = nan_value}.check(); },
        "adam: learning_rate must be zero or a positive number, got nan"},
       {"momentum of 1 or more", [] { tg::sgd{.momentum = 1}.check(); },
        "sgd: momentum must be at least 0 and below 1, got 1"},
       {"beta of 1 or more", [] { tg::adam{.beta_1 = 2}.check(); },
        "adam: beta_1 must be at least 0 and below 1, got 2"},
       {"rho of 1 or more", [] { tg::rmsprop{.rho = 1}.check(); },
        "rmsprop: rho must be at least 0 and below 1, got 1"},
       {"a negative epsilon", [] { tg::adam{.epsilon = -1}.check(); },
        "adam: epsilon must be zero or a positive number, got -1"},
       {"a negative weight decay", [] { tg::adamw{.weight_decay = -1}.check(); },
        "adamw: weight_decay must be zero or a positive number, got -1"},
       {"two ways to clip", [] { tg::adam{.clipnorm = 1, .clipvalue = 1}.check(); },
        "adam: set only one of clipnorm, global_clipnorm and clipvalue"}});
}

TEST_CASE("misuse: training loops of one's own") {
  auto const [x, y] = some_data{};
  tg::predictor<net> model;
  auto loss = tg::value_and_gradient(model, sparse{});
  tg::optimizer optimizer{tg::sgd{}};
  auto const before = xt::xtensor<float, 2>(model.weight("dense/kernel"));
  support::check<std::logic_error>(
      {{"an optimizer before the first batch", [&] { optimizer.apply(loss); },
        "optimizer: there are no gradients yet; call what value_and_gradient gave with a batch"}});
  support::check<std::invalid_argument>(
      {{"an objective without its target", [&] { loss(x); },
        "value_and_gradient: the objective has a target; call with x and y"},
       {"two targets for one objective", [&] { loss(x, {y, y}); },
        "value_and_gradient: y must be one array, the objective's target; got 2"},
       {"fewer targets than samples", [&] { loss(x, xt::zeros<int>({5})); },
        "value_and_gradient: x has 8 samples and y has 5; they must be as many"},
       {"one-hot rows for an objective that reads labels", [&] { loss(x, xt::zeros<int>({8, 3})); },
        "value_and_gradient: y needs one number a sample, got an array of shape 8x3; for one-hot "
        "rows use a loss that reads them, as categorical_crossentropy does"},
       {"a label of no class", [&] { loss(x, y + 1); },
        "value_and_gradient: y has 3 in row 2, which is not a class from 0 to 2"},
       {"NaN as a label", [&] { loss(x, nan_value * y); },
        "value_and_gradient: y has nan in row 0, which is not a class from 0 to 2"},
       {"the gradient of a weight that is not there", [&] { loss.gradient("kernel"); },
        "gradient: there is no weight \"kernel\"; the weights are dense/kernel, dense/bias"},
       {"gradients clipped to a negative norm", [&] { loss.clip_by_global_norm(-1); },
        "clip_by_global_norm: the limit must be zero or a positive number, got -1"}});
  loss(x, y);
  optimizer.rule().learning_rate = nan_value;
  auto const apply = [&] { optimizer.apply(loss); };
  support::check<std::invalid_argument>(
      {{"a rule changed to what cannot be", apply,
        "sgd: learning_rate must be zero or a positive number, got nan"}});
  CHECK(model.weight("dense/kernel") == before);
  optimizer.rule() = {};
  optimizer.apply(loss);
  CHECK_FALSE(model.weight("dense/kernel") == before);
  optimizer.rule().momentum = 0.5F;
  support::check<std::invalid_argument>(
      {{"a rule changed to one with more slots", apply,
        "sgd: an option was changed to one that needs the slot \"momentum\", which is made at the "
        "start only; set the option there"}});

  support::check<std::invalid_argument>(
      {{"batches of no samples",
        [] { tg::batches({xt::ones<float>({0, 4}), xt::zeros<int>({0})}); },
        "batches: there are no samples"},
       {"batches of samples and targets of other numbers",
        [&] { tg::batches({x, xt::zeros<int>({5})}); },
        "batches: x has 8 samples and y has 5; they must be as many"},
       {"batches of less than one sample", [&] { tg::batches({x, y}, {.batch_size = 0}); },
        "batches: batch_size must be positive, got 0"},
       {"batches of more samples than there are, and no remainder",
        [&] { tg::batches({x, y}, {.batch_size = 32, .drop_remainder = true}); },
        "batches: drop_remainder leaves none of 8 samples, as batch_size is 32"},
       {"nothing to augment", [] { tg::augmented(tg::samples{}, tg::random_flip{}); },
        "augmented: x is missing"}});
}

TEST_CASE("misuse: histories") {
  tg::history first, second;
  first.add_epoch(1);
  first.add("loss", 1);
  first.add("accuracy", 0.5);
  second.add_epoch(2);
  second.add("loss", 0.5);
  support::check<std::invalid_argument>(
      {{"a name that was not measured", [&] { static_cast<void>(first["acuracy"]); },
        "history: there is no \"acuracy\"; there are loss, accuracy"},
       {"a name in a history without epochs", [] { static_cast<void>(tg::history{}["loss"]); },
        "history: there is no \"loss\"; there are none"},
       {"epochs that measured something else appended", [&] { first.append(second); },
        "history: epochs with loss cannot follow epochs with loss, accuracy; they must have "
        "measured the same"}});
  CHECK(first.epochs().size() == 1);
  first.append({});
  CHECK(first["loss"].size() == 1);
}

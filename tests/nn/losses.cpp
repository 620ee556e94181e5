// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/nn/losses.hpp>

#include <functional>

namespace {

namespace tg = typegrad;
using tg::extents;

static_assert(tg::loss<tg::mean_squared_error<>> && tg::loss<tg::huber<tg::delta(2.0F)>> &&
              tg::loss<tg::sparse_categorical_crossentropy<tg::from_logits>>);

/// Loss and gradient for rows of scores, `activate` applied to the stored numbers first.
template <class Loss, class Activation>
std::vector<oracle::values> batch_loss(Loss const& loss, Activation const& activate, int columns,
                                       oracle::values const& predictions,
                                       oracle::values const& targets,
                                       oracle::values const& weights) {
  tg::graph g;
  auto const p = tg::build::input(g, "p", {columns});
  auto const wanted = Loss::target({columns});
  REQUIRE(wanted.error.view() == "");
  auto const y = tg::build::input(g, "y", wanted.shape, wanted.type);
  auto const w = tg::build::input(g, "w", {});
  auto const each = loss(y, activate(p));
  REQUIRE(each.valid());
  REQUIRE(each.rank() == 0);
  REQUIRE(each.per_sample());
  auto const total = tg::batch_mean(each * w);
  oracle::with_gradient(g, total, total, p);
  return oracle::run(g, static_cast<std::int64_t>(weights.size()), {predictions, targets, weights});
}

template <class Loss>
void against_keras(std::string const& name, Loss const& loss) {
  INFO(name);
  auto const get = [&](char const* what) { return oracle::load("losses", name + "/" + what); };
  for (bool const weighted : {false, true}) {
    CAPTURE(weighted);
    auto const found =
        batch_loss(loss, std::identity{}, 5, get("predictions"), get("targets"),
                   weighted ? oracle::load("losses", "sample_weight") : oracle::values(6, 1.0));
    oracle::check_close(found[0], get(weighted ? "weighted_loss" : "loss"));
    oracle::check_close(found[1], get(weighted ? "weighted_gradient" : "gradient"));
  }
}

TEST_CASE("losses give Keras's numbers and gradients") {
  using tg::from_logits;
  using tg::label_smoothing;
  against_keras("mean_squared_error", tg::mean_squared_error{});
  against_keras("mean_absolute_error", tg::mean_absolute_error{});
  against_keras("huber_delta_1", tg::huber{});
  against_keras("huber_delta_2", tg::huber<tg::delta(2.0F)>{});
  against_keras("binary_crossentropy", tg::binary_crossentropy{});
  against_keras("binary_crossentropy_saturated", tg::binary_crossentropy{});
  against_keras("binary_crossentropy_smoothing_0.1",
                tg::binary_crossentropy<label_smoothing(0.1F)>{});
  against_keras("binary_crossentropy_from_logits", tg::binary_crossentropy<from_logits>{});
  against_keras("binary_crossentropy_from_logits_smoothing_0.1",
                tg::binary_crossentropy<label_smoothing(0.1F), from_logits>{});
  against_keras("categorical_crossentropy", tg::categorical_crossentropy{});
  against_keras("categorical_crossentropy_unnormalised", tg::categorical_crossentropy{});
  against_keras("categorical_crossentropy_saturated", tg::categorical_crossentropy{});
  against_keras("categorical_crossentropy_smoothing_0.1",
                tg::categorical_crossentropy<label_smoothing(0.1F)>{});
  against_keras("categorical_crossentropy_from_logits",
                tg::categorical_crossentropy<from_logits>{});
  against_keras("categorical_crossentropy_from_logits_smoothing_0.1",
                tg::categorical_crossentropy<from_logits, label_smoothing(0.1F)>{});
  against_keras("sparse_categorical_crossentropy", tg::sparse_categorical_crossentropy{});
  against_keras("sparse_categorical_crossentropy_unnormalised",
                tg::sparse_categorical_crossentropy{});
  against_keras("sparse_categorical_crossentropy_from_logits",
                tg::sparse_categorical_crossentropy<from_logits>{});
}

TEST_CASE("a softmax or sigmoid before the loss is taken back to its logits") {
  oracle::values const logits{0, 200, -200, 1, 2, 300, 0, 0, 0, 0};
  oracle::values const one_hot{0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  oracle::values const labels{2, 1};
  oracle::values const ones{1, 1};
  auto const same = [&](auto const& probable, auto const& raw, auto const& activation,
                        oracle::values const& targets) {
    auto const a = batch_loss(probable, activation, 5, logits, targets, ones);
    auto const b = batch_loss(raw, std::identity{}, 5, logits, targets, ones);
    CHECK(a == b);
    CHECK(a[0][0] > 20);  // the probabilities are 0 in float32: from them it could not be told
  };
  using tg::from_logits;
  same(tg::sparse_categorical_crossentropy{}, tg::sparse_categorical_crossentropy<from_logits>{},
       tg::softmax, labels);
  same(tg::categorical_crossentropy{}, tg::categorical_crossentropy<from_logits>{}, tg::softmax,
       one_hot);
  same(tg::binary_crossentropy{}, tg::binary_crossentropy<from_logits>{}, tg::sigmoid, one_hot);
}

TEST_CASE("a softmax along another axis is not taken for one along the last") {
  tg::graph g;
  auto const x = tg::build::input(g, "x", {3, 3});
  CHECK(tg::detail::softmax_logits(tg::softmax(x)).id() == x.id());
  CHECK_FALSE(tg::detail::softmax_logits(tg::softmax(0)(x)).valid());
  CHECK_FALSE(tg::detail::softmax_logits(x * x).valid());
  CHECK_FALSE(tg::detail::softmax_logits(tg::exp(x) * (1 / tg::exp(x))).valid());
}

TEST_CASE("the gradient of a crossentropy from logits that are zero") {
  auto const found = batch_loss(tg::binary_crossentropy<tg::from_logits>{}, std::identity{}, 2,
                                {0, 0}, {0, 1}, {1});
  oracle::check_close(found[0], {std::log(2.0)}, 1e-6);
  oracle::check_close(found[1], {0.25, -0.25}, 1e-6);
}

TEST_CASE("one label per position") {
  tg::graph g;
  auto const p = tg::build::input(g, "p", {2, 3});
  using loss = tg::sparse_categorical_crossentropy<tg::from_logits, tg::per_position>;
  auto const wanted = loss::target({2, 3});
  CHECK(wanted.shape == extents{2});
  CHECK(wanted.type == tg::dtype::int32);
  auto const y = tg::build::input(g, "y", wanted.shape, wanted.type);
  g.outputs.push_back(loss{}(y, p).id());
  auto const found = oracle::run(g, 1, {{0, 0, 0, 0, 1, 0}, {2, 1}});
  double const second = std::log(2 + std::exp(1.0)) - 1;
  oracle::check_close(found[0], {(std::log(3.0) + second) / 2}, 1e-6);
}

// The targets that a loss asks for, and what it says where it does not fit.
using sparse = tg::sparse_categorical_crossentropy<>;
static_assert(sparse::target({10}).type == tg::dtype::int32);
static_assert(sparse::target({10}).shape == extents{});
static_assert(tg::binary_crossentropy<>::target({4, 5}).shape == extents{4, 5});
static_assert(tg::binary_crossentropy<>::target({1}).type == tg::dtype::float32);
static_assert(sparse::target({28, 10}).error.view() ==
              "sparse_categorical_crossentropy needs one row of class scores a sample, got extents "
              "28x10; put flatten before dense");
static_assert(sparse::target({}).error.view() ==
              "sparse_categorical_crossentropy needs one row of class scores a sample, got extents "
              "scalar");
static_assert(sparse::target({1}).error.view() ==
              "sparse_categorical_crossentropy needs two or more class scores, got extents 1; for "
              "two classes and one score use binary_crossentropy");
static_assert(tg::binary_crossentropy<>::integer_labels({10}).view() ==
              "binary_crossentropy needs targets of the output's extents 10; for integer labels "
              "use sparse_categorical_crossentropy");
static_assert(tg::binary_crossentropy<>::integer_labels({1}).empty());
static_assert(tg::mean_squared_error<tg::from_logits>::target({1}).error.view() ==
              "option 1 (from_logits) is not one that mean_squared_error takes");
static_assert(tg::binary_crossentropy<tg::label_smoothing(1.5F)>::target({1}).error.view() ==
              "binary_crossentropy: label_smoothing must be in [0, 1], got 1.5");

}  // namespace

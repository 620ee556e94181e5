// SPDX-License-Identifier: BSL-1.0
// Where a loss that is not finite comes from.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <typegrad/inference/predictor.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

namespace tg = typegrad;

namespace {

struct logarithm : tg::layer<logarithm> {
  constexpr tg::symbol call(tg::symbol x) { return log(x); }
};
struct tower : tg::layer<tower> {
  tg::dense<6, tg::relu> first;
  logarithm second;
  constexpr tg::symbol call(tg::symbol x) { return second(first(x)); }
};
using net = tg::sequential<tg::input<3>, tower, tg::dense<1>>;
using plain = tg::sequential<tg::input<3>, tg::dense<4, tg::tanh>, tg::dense<1>>;

template <class Model>
auto make() {
  auto model = tg::compile<Model>(tg::adam{}, tg::mean_squared_error{});
  model.initialize(1);
  return model;
}

struct rows {
  xt::xtensor<float, 2> x = xt::ones<float>({8, 3});
  xt::xtensor<float, 2> y = xt::ones<float>({8, 1});
};

/// What train_on_batch says of the rows.
template <class Model>
std::string said(Model& model, rows const& data) {
  try {
    model.train_on_batch(data.x, data.y);
  } catch (std::runtime_error const& e) {
    return e.what();
  }
  return {};
}
bool says(std::string const& error, std::string const& what) {
  INFO(error);
  bool const found = error.find(what) != std::string::npos;
  CHECK(found);
  return found;
}

TEST_CASE("a loss that is not finite: the layer where it begins, and the sample") {
  auto model = make<net>();
  model.weight("tower/dense/bias") = 20.0F;  // all positive, but for the row below
  rows data;
  CHECK(said(model, data).empty());
  for (std::size_t i = 0; i < 3; ++i) data.x(5, i) = -1e6F;
  model.weight("tower/dense/kernel") = 1.0F;
  std::vector<float> before;
  for (auto const& w : model.weights())
    before.insert(before.end(), w.values.begin(), w.values.end());
  auto const step = model.step();
  auto const error = said(model, data);
  says(error, "train_on_batch: the loss is ");
  says(error, "; the first -infinity comes up in layer tower/logarithm (");
  says(error, "log");
  says(error, "), with sample 5 (from 0) of the batch; the weights are those before that step");
  std::vector<float> after;
  for (auto const& w : model.weights()) after.insert(after.end(), w.values.begin(), w.values.end());
  CHECK(before == after);
  CHECK(model.step() == step);
}

TEST_CASE("a loss that is not finite: what was read already was not") {
  auto model = make<plain>();
  rows data;
  data.x(3, 1) = std::numeric_limits<float>::quiet_NaN();
  says(said(model, data), "of sample 3 (from 0) of the batch is NaN; ");
  data = {};
  data.y(2, 0) = -std::numeric_limits<float>::infinity();
  says(said(model, data), "the target of sample 2 (from 0) of the batch is -infinity; ");
  data = {};
  model.weight("dense_1/bias") = std::numeric_limits<float>::infinity();
  says(said(model, data), "the weight dense_1/bias has infinity in it; ");
}

TEST_CASE("a loss that is not finite: it begins in the loss itself") {
  auto model = make<plain>();
  rows data;
  data.y(6, 0) = 1e30F;  // its square is not a float
  auto const error = said(model, data);
  says(error, "the loss is infinite");
  says(error, "the first infinity comes up in the loss (");
}

}  // namespace

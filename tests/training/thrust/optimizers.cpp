// SPDX-License-Identifier: BSL-1.0
#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>

// Every optimizer on Thrust against the CPU's: the same rule, the same gradients.

namespace {

namespace tg = typegrad;

using net = tg::sequential<tg::input<6>, tg::dense<9, tg::tanh, tg::l2(1e-3F)>, tg::dense<3>>;

struct made_data {
  xt::xtensor<float, 2> x = xt::zeros<float>({50, 6});
  xt::xtensor<int, 1> y = xt::zeros<int>({50});
  made_data() {
    for (std::size_t i = 0; i < 50; ++i) {
      for (std::size_t k = 0; k < 6; ++k)
        x(i, k) = std::sin(static_cast<float>(7 * i + 3 * k + i * k));
      y(i) = static_cast<int>(i * i % 3);
    }
  }
};

/// The largest difference between two models' weights, of the largest weight.
template <class A, class B>
float difference(A& a, B& b) {
  auto const left = a.weights(), right = b.weights();
  float most = 0, largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i)
    for (std::size_t e = 0; e < left[i].values.size(); ++e) {
      most = std::max(most, std::abs(left[i].values.flat(e) - right[i].values.flat(e)));
      largest = std::max(largest, std::abs(left[i].values.flat(e)));
    }
  return most / largest;
}

template <class Optimizer>
void check(Optimizer const& optimizer) {
  using loss = tg::sparse_categorical_crossentropy<tg::from_logits>;
  made_data const data;
  auto here = tg::compile<net>(optimizer, loss{}, tg::accuracy{});
  auto there = tg::compile<net, tg::on<tg::thrust>>(optimizer, loss{}, tg::accuracy{});
  here.initialize(5);
  there.initialize(5);
  // 50 samples are three batches of 16 and one of 2
  tg::fit_options const options{.epochs = 4, .batch_size = 16, .verbose = false};
  auto const a = here.fit({data.x, data.y}, options);
  auto const b = there.fit({data.x, data.y}, options);
  CHECK(difference(here, there) < 2e-5F);
  for (auto const* name : {"loss", "accuracy"})
    for (std::size_t epoch = 0; epoch < 4; ++epoch)
      CHECK(std::abs(a[name][epoch] - b[name][epoch]) < 1e-5);
}

}  // namespace

TEST_CASE("thrust: sgd", "[thrust]") {
  check(tg::sgd{.learning_rate = 0.1F});
  check(tg::sgd{.learning_rate = 0.1F, .momentum = 0.9F});
  check(tg::sgd{.learning_rate = 0.1F, .momentum = 0.9F, .nesterov = true, .weight_decay = 0.01F});
}
TEST_CASE("thrust: adam and adamw", "[thrust]") {
  check(tg::adam{.learning_rate = 0.01F});
  check(tg::adam{.learning_rate = 0.01F, .amsgrad = true});
  check(tg::adamw{.learning_rate = 0.01F});
}
TEST_CASE("thrust: rmsprop", "[thrust]") {
  check(tg::rmsprop{.learning_rate = 0.01F});
  check(tg::rmsprop{.learning_rate = 0.01F, .momentum = 0.5F, .centered = true});
}
TEST_CASE("thrust: gradients are clipped", "[thrust]") {
  check(tg::sgd{.learning_rate = 0.1F, .clipnorm = 0.05F});
  check(tg::sgd{.learning_rate = 0.1F, .global_clipnorm = 0.1F});
  check(tg::sgd{.learning_rate = 0.1F, .clipvalue = 0.01F});
}

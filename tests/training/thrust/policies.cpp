// SPDX-License-Identifier: BSL-1.0
#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

// Training under the dtype policies.

namespace {

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<16, tg::relu>, tg::layer_normalization<>,
                           tg::dense<16, tg::relu>, tg::dense<3, tg::softmax>>;

struct made_data {
  xt::xtensor<float, 2> x = xt::zeros<float>({96, 8});
  xt::xtensor<int, 1> y = xt::zeros<int>({96});
  made_data() {
    for (std::size_t i = 0; i < 96; ++i) {
      y(i) = static_cast<int>(i % 3);
      for (std::size_t k = 0; k < 8; ++k)
        x(i, k) = std::sin(static_cast<float>(7 * i + 3 * k)) / 2 + (k % 3 == i % 3 ? 1.F : 0.F);
    }
  }
};

template <auto Policy>
struct policy {
  static auto compile() {
    return tg::compile<net, tg::on<tg::thrust, Policy>>(
        tg::adam{.learning_rate = 0.01F}, tg::sparse_categorical_crossentropy<>{}, tg::accuracy{});
  }
};

}  // namespace

TEMPLATE_TEST_CASE("thrust: policies learn what float32 learns", "[thrust]", policy<tg::tf32>,
                   policy<tg::mixed_bfloat16>, policy<tg::mixed_float16>) {
  made_data const data;
  tg::fit_options const options{.epochs = 8, .batch_size = 16, .verbose = false};
  auto exact = policy<tg::float32>::compile();
  exact.initialize(2);
  auto const a = exact.fit({data.x, data.y}, options);
  auto model = TestType::compile();
  model.initialize(2);
  auto const b = model.fit({data.x, data.y}, options);
  CHECK(b["loss"].back() < 0.5 * b["loss"].front());
  for (std::size_t e = 0; e < 8; ++e)
    CHECK(std::abs(a["loss"][e] - b["loss"][e]) < 0.05 * a["loss"][e] + 0.01);
  auto const p = model.predict(data.x);
  CHECK(xt::amax(xt::abs(xt::sum(p, {1}) - 1.F))() < 0.02F);
}

TEST_CASE("thrust: an overflow of scaled gradients is no step, and halves the scale", "[thrust]") {
  // A loss of 3e5 times its scale of 32768 is beyond float16 at first.
  made_data const data;
  using wide = tg::sequential<tg::input<8>, tg::dense<4>, tg::dense<1>>;
  auto model = tg::compile<wide, tg::on<tg::thrust, tg::mixed_float16>>(
      tg::sgd{.learning_rate = 1e-4F}, tg::mean_squared_error{});
  model.initialize(1);
  xt::xtensor<float, 2> const y = 500.F * xt::ones<float>({96, 1});
  xt::xtensor<float, 2> const before = model.weight("dense/kernel");
  model.train_on_batch({data.x, y});
  CHECK(xt::all(xt::equal(model.weight("dense/kernel"), before)));
  double loss = 0;
  for (int i = 0; i < 30; ++i) loss = model.train_on_batch({data.x, y}).loss;
  CHECK(xt::amax(xt::abs(model.weight("dense/kernel") - before))() > 0);
  CHECK(loss < 250'000);
}

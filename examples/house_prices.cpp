// SPDX-License-Identifier: BSL-1.0
// Regression on a table: the prices of Californian districts. Missing values, scaling, a validation
// split, a network kept in a file.
// usage: house_prices [california_housing.csv]
#include <typegrad/typegrad.hpp>

#include <cstdio>

namespace tg = typegrad;

using net = tg::sequential<
    tg::input<8>,
    tg::dense<64, tg::relu, tg::l2(1e-5f)>,
    tg::dense<32, tg::relu>,
    tg::dense<1>>;

int main(int argc, char** argv) {
  // Without a file: $TYPEGRAD_DATA, your cache, a download, or made districts; it says which.
  auto const table = argc > 1 ? tg::datasets::california_housing(argv[1])
                              : tg::datasets::california_housing();
  auto x = table.numbers({"longitude", "latitude", "housing_median_age", "total_rooms",
                          "total_bedrooms", "population", "households", "median_income"});
  xt::xtensor<float, 1> const price = table.number("median_house_value") / 100'000.0f;

  tg::standard_scaler scaler;
  x = scaler.fit_transform(x);
  x = xt::where(xt::isnan(x), 0.0f, x);  // a missing value becomes the mean
  auto const data = tg::train_test_split(x, price, {.test_fraction = 0.2});

  auto model = tg::compile<net>(tg::adam{.learning_rate = 3e-3f}, tg::huber{},
                                tg::mean_absolute_error{});
  model.summary();
  model.fit(data.train, {.epochs = 20, .batch_size = 64, .validation_split = 0.1, .verbose = 2});
  std::printf("mean error on new districts: $%.0f\n",
              100'000 * model.evaluate(data.test).mean_absolute_error);

  model.save_weights("house_prices.safetensors");
  tg::predictor<net> later;
  later.load_weights("house_prices.safetensors");
  auto const predicted = later.predict(data.test.x);
  for (std::size_t i = 0; i < 3; ++i)
    std::printf("predicted $%.0f, was $%.0f\n", 100'000 * predicted(i, 0),
                100'000 * data.test.y(i));
}

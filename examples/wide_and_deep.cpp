// SPDX-License-Identifier: BSL-1.0
// Wide & deep (Cheng et al., arXiv 1606.07792): what houses cost in Californian districts, by a
// network that reads numbers straight and through hidden layers, and where a district lies through
// an embedding; beside a linear model of the same features.
// usage: wide_and_deep [--epochs N] [--data FOLDER] [--plot FILE]
#include <typegrad/plot.hpp>
#include <typegrad/typegrad.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tg = typegrad;
using namespace tg::literals;

// 5 kinds of places, and 0 for any other; 8 numbers and 1 that says whether one was missing.
constexpr int places = 6, numbers = 9;

struct wide_and_deep : tg::network<wide_and_deep> {
  using inputs = tg::inputs<tg::named<"wide", numbers>, tg::named<"deep", numbers>,
                            tg::named<"ocean_proximity", tg::dtype::int32>>;
  tg::embedding<places, 4> place;
  tg::dense<64, tg::relu> deep_1, deep_2;
  tg::dense<1> head, auxiliary_head;
  constexpr auto call(tg::symbol wide, tg::symbol deep, tg::symbol ocean_proximity) {
    deep = tg::concatenate(deep, place(ocean_proximity));
    deep = deep_2(deep_1(deep));
    tg::symbol const main = head(tg::concatenate(wide, deep));
    tg::symbol const auxiliary = auxiliary_head(deep);
    return tg::outputs(tg::output<"main">(main), tg::output<"auxiliary">(auxiliary));
  }
};

using linear = tg::functional<
    tg::inputs<tg::named<"wide", numbers>, tg::named<"ocean_proximity", tg::dtype::int32>>,
    [](tg::symbol wide, tg::symbol ocean_proximity) {
      return tg::dense<1>{}(tg::concatenate(wide, one_hot(ocean_proximity, places)));
    }>;

struct arguments {
  int epochs = 30;
  std::string data, plot = "wide_and_deep.svg";

  arguments(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      std::string_view const name = argv[i];
      if (i + 1 == argc) throw std::invalid_argument(std::string(name) + " needs a value");
      if (name == "--epochs") epochs = std::atoi(argv[i + 1]);
      else if (name == "--data") data = argv[i + 1];
      else if (name == "--plot") plot = argv[i + 1];
      else throw std::invalid_argument("there is no option " + std::string(name));
    }
  }
};

// The root of the mean squared error in dollars, and the part of the variance that is explained.
struct score {
  double error, r2;
};
score score_of(xt::xtensor<float, 2> const& predicted, xt::xtensor<float, 1> const& price) {
  double const mean = xt::mean(price)();
  double squares = 0, variance = 0;
  for (std::size_t i = 0; i < price.size(); ++i) {
    squares += std::pow(predicted(i, 0) - price(i), 2);
    variance += std::pow(price(i) - mean, 2);
  }
  return {100'000 * std::sqrt(squares / static_cast<double>(price.size())), 1 - squares / variance};
}

int main(int argc, char** argv) try {
  arguments const given(argc, argv);
  auto const [train, test] =
      tg::train_test_split(given.data.empty() ? tg::datasets::california_housing()
                                              : tg::datasets::california_housing(given.data),
                           {.test_fraction = 0.2});

  // What is missing becomes the median, with a column that says where; then all are scaled. Only
  // the training data decides how.
  std::vector<std::string> const names{"longitude",      "latitude",     "housing_median_age",
                                       "total_rooms",    "population",   "households",
                                       "total_bedrooms", "median_income"};
  tg::pipeline prepare{tg::imputer{{.indicators = true}}, tg::standard_scaler{}};
  auto const x = prepare.fit_transform(train.numbers(names));
  auto const test_x = prepare.transform(test.numbers(names));
  tg::category_encoder encoder;
  auto const place = encoder.fit_transform(train["ocean_proximity"]);
  auto const test_place = encoder.transform(test["ocean_proximity"]);
  xt::xtensor<float, 1> const price = train.number("median_house_value") / 100'000.0f;
  xt::xtensor<float, 1> const test_price = test.number("median_house_value") / 100'000.0f;

  auto straight = tg::compile<linear>(tg::adam{.learning_rate = 1e-2f}, tg::mean_squared_error{});
  straight.fit({tg::by_name("wide"_n = x, "ocean_proximity"_n = place), price},
               {.epochs = given.epochs, .verbose = false});

  auto model = tg::compile<wide_and_deep>(
      tg::adam{.learning_rate = 3e-3f},
      tg::losses("main"_n = tg::mean_squared_error{}, "auxiliary"_n = tg::mean_squared_error{}),
      tg::loss_weights("main"_n = 0.9f, "auxiliary"_n = 0.1f));
  model.summary();
  auto const fit = [&](int from, int to) {
    model.fit({tg::by_name("wide"_n = x, "deep"_n = x, "ocean_proximity"_n = place),
               tg::by_name("main"_n = price, "auxiliary"_n = price)},
              {.epochs = to,
               .batch_size = 64,
               .validation_split = 0.1,
               .verbose = 2,
               .initial_epoch = from});
  };
  int const slower = given.epochs * 2 / 3;
  fit(0, slower);
  model.optimizer().learning_rate = 5e-4f;
  fit(slower, given.epochs);

  auto const by_line =
      straight.predict(tg::by_name("wide"_n = test_x, "ocean_proximity"_n = test_place));
  auto const by_both = model.predict(
      tg::by_name("wide"_n = test_x, "deep"_n = test_x, "ocean_proximity"_n = test_place));
  score const of_line = score_of(by_line, test_price);
  score const of_both = score_of(by_both["main"_n], test_price);
  std::printf("%zu districts that neither model has seen:\n", test.rows());
  std::printf("  linear model  $%.0f off (root mean square), R2 %.3f\n", of_line.error, of_line.r2);
  std::printf("  wide & deep   $%.0f off, R2 %.3f\n", of_both.error, of_both.r2);
  std::printf("wide & deep is better by $%.0f, %.0f %% of the linear model's error; see %s\n",
              of_line.error - of_both.error, 100 * (1 - of_both.error / of_line.error),
              given.plot.c_str());

  tg::plot::figure figure{.title = "Median house value of districts, in $100,000", .columns = 2};
  std::vector<float> const ends{0, 5};
  auto const draw = [&](char const* title, xt::xtensor<float, 2> const& predicted) {
    constexpr std::size_t shown = 500;  // of the districts
    figure.panel(title)
        .x_label("true")
        .y_label("predicted")
        .y_range(-0.5, 6)
        .points("districts", xt::view(test_price, xt::range(0, shown)),
                xt::view(predicted, xt::range(0, shown), 0))
        .curve("perfect", ends, ends);
  };
  draw("linear", by_line);
  draw("wide & deep", by_both["main"_n]);
  figure.save(given.plot);
} catch (std::exception const& error) {
  std::fprintf(stderr, "wide_and_deep: %s\n", error.what());
  return 1;
}

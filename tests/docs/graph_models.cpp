// SPDX-License-Identifier: BSL-1.0
// What docs/graph_models.md shows beside the examples; built and run by the tests.
#include <typegrad/typegrad.hpp>

#include <cstdio>

namespace tg = typegrad;
using namespace tg::literals;

// A graph in one expression.
using small = tg::functional<
    tg::inputs<tg::named<"wide", 3>, tg::named<"deep", 5>>,
    [](tg::symbol wide, tg::symbol deep) {
      tg::symbol const hidden = tg::dense<30, tg::relu>{}(deep);
      tg::symbol const price = tg::dense<1>{}(tg::concatenate(wide, hidden));
      tg::symbol const rent = tg::dense<1>{}(hidden);
      return tg::outputs(tg::output<"price">(price), tg::output<"rent">(rent));
    }>;
static_assert(tg::parameter_count<small> == (5 * 30 + 30) + (33 + 1) + (30 + 1));

// What a program takes.
static_assert(tg::multiply_adds<small> == 5 * 30 + (3 + 30) * 1 + 30 * 1);
static_assert(tg::arena_bytes<small, tg::batch<8>> == 8 * tg::arena_bytes<small, tg::batch<1>>);
using eight = tg::rebind<small, tg::batch<8>>;  // sees eight samples at a time at most
static_assert(tg::static_batch<eight> == 8);

// What was learned on one task serves another.
struct backbone : tg::layer<backbone> {
  tg::conv2d<8, 3, tg::same, tg::relu> conv;
  tg::global_average_pooling2d<> average;
  constexpr tg::symbol call(tg::symbol image) { return average(conv(image)); }
};

struct of_ten : tg::network<of_ten> {
  using inputs = tg::inputs<tg::named<"image", 28, 28, 1>>;
  backbone see;
  tg::with_name<"top", tg::dense<10>> top;
  constexpr tg::symbol call(tg::symbol image) { return top(see(image)); }
};

struct of_two : tg::network<of_two> {
  using inputs = tg::inputs<tg::named<"image", 28, 28, 1>>;
  tg::frozen<backbone> see;  // its weights, and batch normalization's statistics, stay
  tg::with_name<"head", tg::dense<1, tg::sigmoid>> head;
  constexpr tg::symbol call(tg::symbol image) { return head(see(image)); }
};
static_assert(tg::parameter_count<of_two> == (9 * 8 + 8) + (8 + 1));
static_assert(tg::trainable_parameter_count<of_two> == 8 + 1);

// The same weights for larger images.
using larger = tg::rebind<of_two, tg::input<64, 64, 1>>;
static_assert(tg::parameter_count<larger> == tg::parameter_count<of_two>);

// What a layer within the model gives.
using features = tg::submodel<of_two, "backbone">;
static_assert(std::same_as<tg::output_shape<features>, tg::shape<8>>);

int main() {
  xt::xtensor<float, 2> const wide = xt::random::randn<float>({256, 3});
  xt::xtensor<float, 2> const deep = xt::random::randn<float>({256, 5});
  xt::xtensor<float, 1> const price = xt::sum(wide, {1}) - xt::sum(deep, {1});
  xt::xtensor<float, 1> const rent = xt::sum(deep, {1});
  xt::xtensor<float, 1> const doubtful = xt::ones<float>({256});

  auto model = tg::compile<small>(
      tg::adam{.learning_rate = 1e-2f},
      tg::losses("price"_n = tg::mean_squared_error{}, "rent"_n = tg::huber{}),
      tg::loss_weights("rent"_n = 0.3f),  // price has 1
      tg::metrics("price"_n = tg::mean_absolute_error{}));
  tg::samples const data{tg::by_name("deep"_n = deep, "wide"_n = wide),  // in any order
                         tg::by_name("price"_n = price, "rent"_n = rent),
                         tg::by_name("rent"_n = doubtful)};  // weights of this output's samples
  auto const history = model.fit(data, {.epochs = 10, .verbose = false});
  std::printf("price: loss %.3f, off by %.3f; rent: loss %.3f\n", history["price_loss"].back(),
              history["price_mean_absolute_error"].back(), history["rent_loss"].back());
  bool good = history["loss"].back() < history["loss"].front();

  model.loss_weights()[1] = 0.1f;  // from now on
  auto const step = model.train_on_batch(tg::by_name("wide"_n = wide, "deep"_n = deep),
                                         tg::by_name("price"_n = price, "rent"_n = rent));
  std::printf("rent: loss %.3f in this batch\n", step["rent_loss"_n]);
  auto const predicted = model.predict({wide, deep});  // or in the order of the inputs
  xt::xtensor<float, 2> const& prices = predicted["price"_n];
  good = good && prices.shape(0) == 256;

  tg::predictor<of_ten> pretrained;  // with weights that were trained or loaded
  xt::xtensor<float, 3> const images = xt::random::rand<float>({64, 28, 28});
  xt::xtensor<float, 1> const labels = xt::cast<float>(xt::mean(images, {1, 2}) > 0.5f);

  auto tuned = tg::compile<of_two>(tg::adam{}, tg::binary_crossentropy{}, tg::accuracy{});
  tuned.copy_weights(pretrained, {.into = "backbone"});
  tuned.fit({images, labels}, {.epochs = 2, .verbose = false});

  tg::predictor<features> looks;
  looks.copy_weights(tuned);
  good = good && looks.predict(images).shape(1) == 8;
  good = good && xt::allclose(looks.weight("backbone/conv2d/kernel"),
                              pretrained.weight("backbone/conv2d/kernel"));

  tg::predictor<larger> at_any_size;
  at_any_size.copy_weights(tuned);
  xt::xtensor<float, 3> const photographs = xt::random::rand<float>({8, 64, 64});
  good = good && at_any_size.predict(photographs).shape(0) == 8;
  return good ? 0 : 1;
}

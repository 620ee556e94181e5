// SPDX-License-Identifier: BSL-1.0
#include <typegrad/inference/predictor.hpp>

#include <typegrad/nn.hpp>
#include <typegrad/xtensor.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/misuse.hpp"

namespace tg = typegrad;

namespace {

using net = tg::sequential<tg::input<4>, tg::dense<3>>;
using deeper = tg::sequential<tg::input<4>, tg::dense<3>, tg::dense<2>>;
using wider = tg::sequential<tg::input<5>, tg::dense<3>>;
using images = tg::sequential<tg::input<2, 3>, tg::flatten>;
using words = tg::sequential<tg::input<2, tg::dtype::int32>, tg::embedding<5, 2>, tg::flatten>;

constexpr auto total = [](tg::symbol y) { return tg::sum(y); };

}  // namespace

TEST_CASE("misuse: arrays that a model cannot read") {
  tg::predictor<net> model;
  tg::predictor<images> pictures;
  tg::predictor<words> reader;
  xt::xtensor<float, 2> const x = xt::ones<float>({8, 4});
  float const nan = std::numeric_limits<float>::quiet_NaN();
  support::check<std::invalid_argument>(
      {{"nothing to predict", [&] { model.predict({}); }, "predict: x is missing"},
       {"two arrays for one input", [&] { model.predict({x, x}); },
        "predict: there are 2 arrays for 1 input, \"input\""},
       {"no samples", [&] { model.predict(xt::ones<float>({0, 4})); },
        "predict: x has no samples, its shape is 0x4"},
       {"a number instead of an array", [&] { model.predict(xt::xtensor<float, 0>(1.0F)); },
        "predict: x needs samples of extents 4, got an array of shape scalar"},
       {"one sample without the axis of samples", [&] { model.predict(xt::ones<float>({4})); },
        "predict: x needs samples of extents 4, got an array of shape 4; the first axis counts the "
        "samples: a single one is 1x4"},
       {"flat samples", [&] { pictures.predict(xt::ones<float>({8, 6})); },
        "predict: x needs samples of extents 2x3, got an array of shape 8x6; reshape it to 8x2x3"},
       {"one flat sample", [&] { pictures.predict(xt::ones<float>({6})); },
        "predict: x needs samples of extents 2x3, got an array of shape 6; reshape it to 1x2x3"},
       {"a gradient for samples of other extents",
        [&] { model.gradient(total, xt::ones<float>({8, 5})); },
        "gradient: x needs samples of extents 4, got an array of shape 8x5"},
       {"a batch size below 1", [&] { model.predict(x, {.batch_size = -5}); },
        "predict: batch_size must be positive, got -5"},
       {"a fraction for an input of integers",
        [&] { reader.predict(xt::xtensor<float, 2>{{1, 2}, {3, 0.5F}}); },
        "predict: x has 0.5 in row 1; whole numbers from -2147483648 to 2147483647 are read"},
       {"NaN for an input of integers", [&] { reader.predict(xt::xtensor<float, 2>{{1, nan}}); },
        "predict: x has nan in row 0; whole numbers from -2147483648 to 2147483647 are read"},
       {"an integer that int32 cannot hold",
        [&] { reader.predict(xt::xtensor<std::int64_t, 2>{{1, 3'000'000'000}}); },
        "predict: x has 3000000000 in row 0; whole numbers from -2147483648 to 2147483647 are "
        "read"}});
  // what is no mistake: NaN comes out again, indices beyond the ends are the last element's
  CHECK(std::isnan(model.predict(x * nan)(0, 0)));
  CHECK(reader.predict(xt::xtensor<int, 2>{{9, -9}}) ==
        reader.predict(xt::xtensor<double, 2>{{4, 0}}));
}

TEST_CASE("misuse: weights and layers") {
  tg::predictor<net> model;
  tg::predictor<deeper> other;
  tg::predictor<wider> unlike;
  model.initialize(1);
  auto const before = xt::xtensor<float, 2>(model.weight("dense/kernel"));
  support::check<std::invalid_argument>(
      {{"a weight that is not there", [&] { model.weight("dense/kernl"); },
        "weight: there is no weight \"dense/kernl\"; the weights are dense/kernel, dense/bias"},
       {"a weight of a layer that is not there", [&] { model.get_layer("dense").weight("gamma"); },
        "weight: there is no weight \"dense/gamma\"; the weights are dense/kernel, dense/bias"},
       {"a layer that is not there", [&] { other.get_layer("dense_2"); },
        "get_layer: there is no layer \"dense_2\"; the layers are dense, dense_1"},
       {"an array of another shape for a weight",
        [&] { model.weight("dense/kernel") = xt::ones<float>({3}); },
        "weight dense/kernel has shape 4x3 and cannot become an array of shape 3"},
       {"an array of more axes added to a weight",
        [&] { model.weight("dense/kernel") += xt::ones<float>({2, 4, 3}); },
        "weight dense/kernel has shape 4x3 and cannot become an array of shape 2x4x3"},
       {"weights of a model that lacks one", [&] { other.copy_weights(model); },
        "copy_weights, from the other model: there is no weight \"dense_1/kernel\"; the weights "
        "are dense/kernel, dense/bias"},
       {"weights of a model of other extents", [&] { model.copy_weights(unlike); },
        "copy_weights: dense/kernel has extents 4x3 here and 5x3 there"},
       {"weights for a layer that is not there",
        [&] { model.copy_weights(other, {.into = "dens"}); },
        "copy_weights: there is no layer \"dens\" with weights here; the weights are dense/kernel, "
        "dense/bias"},
       {"weights of a layer that the other model lacks",
        [&] { model.copy_weights(other, {.into = "dense", .from = "top"}); },
        "copy_weights, from the other model: there is no weight \"top/kernel\"; the weights are "
        "dense/kernel, dense/bias, dense_1/kernel, dense_1/bias"}});
  CHECK_THROWS_AS(model.weight("dense/kernel") += xt::ones<float>({3, 4}), xt::broadcast_error);
  CHECK(model.weight("dense/kernel") == before);
}

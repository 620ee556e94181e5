// SPDX-License-Identifier: BSL-1.0
// A generative adversarial network learns to write digits: a generator makes pictures of noise, a
// discriminator tells them from MNIST's, and each is trained in turn against the other.
// Source: Goodfellow et al., "Generative adversarial networks", arXiv 1406.2661; Radford et al.,
// "Unsupervised representation learning with deep convolutional GANs", arXiv 1511.06434.
// usage: gan [--epochs N] [--batch N] [--threads N] [--data FOLDER]
//        (after each epoch a picture of digits: gan_epoch_01.png, gan_epoch_02.png, ...)
#include <typegrad/io/image_grid.hpp>
#include <typegrad/io/save_png.hpp>
#include <typegrad/typegrad.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tg = typegrad;
using namespace tg::literals;

struct generator : tg::layer<generator> {
  tg::dense<7 * 7 * 32, tg::no_bias> spread;
  tg::batch_normalization<> normalize_1, normalize_2;
  tg::conv2d_transpose<16, 4, tg::strides<2>, tg::same, tg::no_bias> enlarge;
  tg::conv2d_transpose<1, 4, tg::strides<2>, tg::same, tg::sigmoid> draw;
  constexpr tg::symbol call(tg::symbol noise) {
    tg::symbol x = tg::relu(normalize_1(spread(noise)));
    x = tg::relu(normalize_2(enlarge(reshape(x, {7, 7, 32}))));
    return draw(x);
  }
};

struct discriminator : tg::layer<discriminator> {
  tg::conv2d<24, 4, tg::strides<2>, tg::same, tg::leaky_relu> edges;
  tg::conv2d<48, 4, tg::strides<2>, tg::same, tg::leaky_relu> strokes;
  tg::flatten flatten;
  tg::dropout<0.3f> dropout;
  tg::dense<1> verdict;  // a logit: above 0 for a digit that someone wrote
  constexpr tg::symbol call(tg::symbol picture) {
    return verdict(dropout(flatten(strokes(edges(picture)))));
  }
};

constexpr int noise_size = 32;

// Both in one model, so that gradients find their way through one into the other.
struct gan : tg::network<gan> {
  using inputs = tg::inputs<tg::named<"digit", 28, 28, 1>, tg::named<"noise", noise_size>>;
  generator generate;
  discriminator judge;
  constexpr auto call(tg::symbol digit, tg::symbol noise) {
    tg::symbol const made = generate(noise);
    tg::symbol const real = judge(digit);
    tg::symbol const fake = judge(made);
    return tg::outputs(tg::output<"real">(real), tg::output<"fake">(fake),
                       tg::output<"made">(made));
  }
};

// What writes the pictures: of the whole only the generator remains.
using artist = tg::submodel<gan, "made">;

struct arguments {
  int epochs = 5, batch = 64, threads = 0;
  std::string data;

  arguments(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      std::string_view const name = argv[i];
      if (i + 1 == argc) throw std::invalid_argument(std::string(name) + " needs a value");
      if (name == "--epochs") epochs = std::atoi(argv[i + 1]);
      else if (name == "--batch") batch = std::atoi(argv[i + 1]);
      else if (name == "--threads") threads = std::atoi(argv[i + 1]);
      else if (name == "--data") data = argv[i + 1];
      else throw std::invalid_argument("there is no option " + std::string(name));
    }
  }
};

int main(int argc, char** argv) try {
  arguments const given(argc, argv);
  tg::set_threads(given.threads);
  auto const mnist = given.data.empty() ? tg::datasets::mnist() : tg::datasets::mnist(given.data);

  // softplus(-logit) is the crossentropy with "real", softplus(logit) that with "made".
  tg::predictor<gan> model;
  auto detects = tg::value_and_gradient(
      model,
      [](auto out) { return mean(tg::softplus(-out["real"_n]) + tg::softplus(out["fake"_n])); },
      tg::of_weights<"discriminator">);
  auto deceives = tg::value_and_gradient(
      model, [](auto out) { return mean(tg::softplus(-out["fake"_n])); },
      tg::of_weights<"generator">);
  tg::optimizer detective{tg::adam{.learning_rate = 1e-3f, .beta_1 = 0.5}};
  tg::optimizer forger{tg::adam{.learning_rate = 1e-3f, .beta_1 = 0.5}};

  tg::predictor<artist> writes;
  xt::xtensor<float, 2> const always = xt::random::randn<float>({80, noise_size});
  auto const start = std::chrono::steady_clock::now();
  for (int epoch = 1; epoch <= given.epochs; ++epoch) {
    double detected = 0, deceived = 0;
    auto batches = tg::batches(mnist.train,
                               {.batch_size = given.batch, .epoch = epoch, .drop_remainder = true});
    for (auto const& batch : batches) {
      auto const& digits = batch.x[0].values;
      xt::xtensor<float, 2> noise = xt::random::randn<float>({given.batch, noise_size});
      detected += detects({digits, noise});
      detective.apply(detects);
      noise = xt::random::randn<float>({given.batch, noise_size});
      deceived += deceives({digits, noise});
      forger.apply(deceives);
    }
    auto const steps = static_cast<double>(batches.size());
    std::chrono::duration<double> const time = std::chrono::steady_clock::now() - start;
    char picture[32];
    std::snprintf(picture, sizeof picture, "gan_epoch_%02d.png", epoch);
    writes.copy_weights(model);
    tg::save_png(picture, tg::image_grid(writes.predict(always), {.columns = 16}));
    std::printf("epoch %d of %d, %.0f s: discriminator's loss %.3f, generator's %.3f; see %s\n",
                epoch, given.epochs, time.count(), detected / steps, deceived / steps, picture);
    std::fflush(stdout);
  }
} catch (std::exception const& error) {
  std::fprintf(stderr, "gan: %s\n", error.what());
  return 1;
}

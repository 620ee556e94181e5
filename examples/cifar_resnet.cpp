// SPDX-License-Identifier: BSL-1.0
// ResNet-20 (He et al., 2015) learns CIFAR-10. Images are flipped and shifted while they are
// trained on. The learning rate falls from 0.1 to 0 along a cosine.
// usage: cifar_resnet [--epochs N] [--seconds N] [--threads N] [--batch N] [--data FOLDER]
//                     [--plot FILE]     (ends after so many epochs or seconds, what comes first)
#include <typegrad/typegrad.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tg = typegrad;

// A convolution and its batch normalization.
template <int Filters, int Size = 3, int Stride = 1>
struct convolution : tg::layer<convolution<Filters, Size, Stride>> {
  tg::conv2d<Filters, Size, tg::strides<Stride>, tg::same, tg::no_bias, tg::he_normal{},
             tg::l2(1e-4f)> convolve;
  tg::batch_normalization<tg::momentum(0.9)> normalize;
  constexpr tg::symbol call(tg::symbol x) { return normalize(convolve(x)); }
};

template <int Filters, int Stride = 1>
struct residual_block : tg::layer<residual_block<Filters, Stride>> {
  convolution<Filters, 3, Stride> first;
  convolution<Filters> second;
  convolution<Filters, 1, Stride> shortcut;  // has weights only where it is called
  constexpr tg::symbol call(tg::symbol x) {
    tg::symbol const y = second(tg::relu(first(x)));
    if (x.shape() != y.shape()) x = shortcut(x);
    return tg::relu(x + y);
  }
};

template <int Filters, int Stride, int Blocks>
struct stage : tg::layer<stage<Filters, Stride, Blocks>> {
  residual_block<Filters, Stride> first;
  std::array<residual_block<Filters>, Blocks - 1> others;
  constexpr tg::symbol call(tg::symbol x) {
    x = first(x);
    for (auto& block : others) x = block(x);
    return x;
  }
};

template <int Depth, int Blocks = (Depth - 2) / 6>
using resnet = tg::sequential<tg::input<32, 32, 3>, convolution<16>, tg::activation<tg::relu>,
                              stage<16, 1, Blocks>, stage<32, 2, Blocks>, stage<64, 2, Blocks>,
                              tg::global_average_pooling2d<>, tg::dense<10, tg::l2(1e-4f)>>;

static_assert(tg::trainable_parameter_count<resnet<20>> == 272'474);

struct arguments {
  int epochs = 50, threads = 0, batch = 128;
  double seconds = 1e9;
  std::string data, plot = "cifar_resnet.svg";

  arguments(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      std::string_view const name = argv[i];
      if (i + 1 == argc) throw std::invalid_argument(std::string(name) + " needs a value");
      if (name == "--epochs") epochs = std::atoi(argv[i + 1]);
      else if (name == "--seconds") seconds = std::atof(argv[i + 1]);
      else if (name == "--threads") threads = std::atoi(argv[i + 1]);
      else if (name == "--batch") batch = std::atoi(argv[i + 1]);
      else if (name == "--data") data = argv[i + 1];
      else if (name == "--plot") plot = argv[i + 1];
      else throw std::invalid_argument("there is no option " + std::string(name));
    }
  }
};

int main(int argc, char** argv) try {
  arguments const given(argc, argv);
  tg::set_threads(given.threads);
  auto cifar = given.data.empty() ? tg::datasets::cifar10() : tg::datasets::cifar10(given.data);
  tg::standard_scaler scaler;  // mean 0 and deviation 1 for each colour
  cifar.train.x = scaler.fit_transform(cifar.train.x);
  cifar.test.x = scaler.transform(cifar.test.x);

  auto model = tg::compile<resnet<20>>(tg::sgd{.momentum = 0.9f},
                                       tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                       tg::accuracy{});
  auto const train = tg::augmented(cifar.train, tg::random_flip{tg::flip::horizontal},
                                   tg::random_shift{.pixels = 4});
  tg::history history;
  auto const start = std::chrono::steady_clock::now();
  double passed = 0;
  for (int epoch = 0; epoch < given.epochs && passed < given.seconds; ++epoch) {
    double const part = std::max(static_cast<double>(epoch) / given.epochs, passed / given.seconds);
    model.optimizer().learning_rate = static_cast<float>(0.05 * (1 + std::cos(3.14159265 * part)));
    history.append(model.fit(train, {.epochs = epoch + 1,
                                     .batch_size = given.batch,
                                     .validation_data = cifar.test,
                                     .verbose = 2,
                                     .initial_epoch = epoch}));
    std::chrono::duration<double> const time = std::chrono::steady_clock::now() - start;
    passed = time.count();
  }
  history.plot(given.plot);
  std::printf("%d epochs in %.0f s, test accuracy %.4f; see %s\n",
              static_cast<int>(history.epochs().size()), passed,
              model.evaluate(cifar.test).accuracy, given.plot.c_str());
} catch (std::exception const& error) {
  std::fprintf(stderr, "cifar_resnet: %s\n", error.what());
  return 1;
}

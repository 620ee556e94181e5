// SPDX-License-Identifier: BSL-1.0
// Keras's "simple MNIST convnet": above 98.8 % of the test digits after two epochs.
// usage: mnist_cnn [folder of the MNIST files]
#include <typegrad/typegrad.hpp>

#include <cstdio>

namespace tg = typegrad;

using cnn = tg::sequential<
    tg::input<28, 28, 1>,
    tg::conv2d<32, 3, tg::relu>,
    tg::max_pooling2d<2>,
    tg::conv2d<64, 3, tg::relu>,
    tg::max_pooling2d<2>,
    tg::flatten,
    tg::dropout<0.5f>,
    tg::dense<10>>;

static_assert(tg::parameter_count<cnn> == 34'826);

int main(int argc, char** argv) {
  auto const mnist = argc > 1 ? tg::datasets::mnist(argv[1]) : tg::datasets::mnist();

  auto model = tg::compile<cnn>(tg::adam{.learning_rate = 3e-3f},
                                tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                tg::accuracy{});
  model.initialize(/*seed=*/42);
  model.summary();
  model.fit(mnist.train, {.epochs = 1, .batch_size = 32, .validation_data = mnist.test});
  model.optimizer().learning_rate = 5e-4f;
  model.fit(mnist.train, {.epochs = 2, .validation_data = mnist.test, .initial_epoch = 1});
  std::printf("test accuracy %.4f\n", model.evaluate(mnist.test).accuracy);
}

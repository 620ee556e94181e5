// SPDX-License-Identifier: BSL-1.0
// LeNet-5 (LeCun et al., 1998) learns handwritten digits. usage: lenet [folder of the MNIST files]
#include <typegrad/typegrad.hpp>

#include <cstdio>

namespace tg = typegrad;

using lenet = tg::sequential<
    tg::input<28, 28, 1>,
    tg::conv2d<6, 5, tg::same, tg::tanh>,
    tg::average_pooling2d<2>,
    tg::conv2d<16, 5, tg::tanh>,
    tg::average_pooling2d<2>,
    tg::flatten,
    tg::dense<120, tg::tanh>,
    tg::dense<84, tg::tanh>,
    tg::dense<10>>;

static_assert(tg::parameter_count<lenet> == 61'706);

int main(int argc, char** argv) {
  auto const mnist = argc > 1 ? tg::datasets::mnist(argv[1]) : tg::datasets::mnist();

  auto model = tg::compile<lenet>(tg::adam{.learning_rate = 1e-3f},
                                  tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                  tg::accuracy{});
  model.summary();
  model.fit(mnist.train, {.epochs = 5, .batch_size = 32, .validation_data = mnist.test});
  std::printf("test accuracy %.4f\n", model.evaluate(mnist.test).accuracy);
}

// SPDX-License-Identifier: BSL-1.0
// A multi-layer perceptron learns handwritten digits. usage: mnist_mlp [folder of the MNIST files]
#include <typegrad/typegrad.hpp>

#include <cstdio>

namespace tg = typegrad;

using classifier = tg::sequential<
    tg::input<28, 28>,
    tg::flatten,
    tg::dense<128, tg::relu>,
    tg::dropout<0.2f>,
    tg::dense<10>>;

static_assert(tg::parameter_count<classifier> == 101'770);

int main(int argc, char** argv) {
  // Without a folder: $TYPEGRAD_DATA, your cache, a download, or synthetic digits; it says which.
  auto const mnist = argc > 1 ? tg::datasets::mnist(argv[1]) : tg::datasets::mnist();

  auto model = tg::compile<classifier>(tg::adam{.learning_rate = 1e-3f},
                                       tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                       tg::accuracy{});
  model.initialize(/*seed=*/42);
  model.summary();
  auto const history = model.fit(
      mnist.train, {.epochs = 5, .batch_size = 32, .validation_data = mnist.test});
  history.plot("history.svg");
  model.save("mnist_mlp.safetensors");

  auto const [loss, accuracy] = model.evaluate(mnist.test);
  std::printf("test loss %.4f, test accuracy %.4f; see history.svg\n", loss, accuracy);
}

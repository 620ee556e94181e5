// SPDX-License-Identifier: BSL-1.0
// The compile budget of a convolutional network: trained, evaluated, predicted with.
#include <typegrad/typegrad.hpp>

#include <cstdio>

namespace tg = typegrad;

using network = tg::sequential<
    tg::input<28, 28, 1>,
    tg::conv2d<32, 3, tg::relu>,
    tg::max_pooling2d<2>,
    tg::conv2d<64, 3, tg::relu>,
    tg::max_pooling2d<2>,
    tg::flatten,
    tg::dropout<0.5f>,
    tg::dense<10>>;

int main() {
  xt::xtensor<float, 3> const x = xt::random::rand<float>({1024, 28, 28});
  xt::xtensor<std::int32_t, 1> const y = xt::random::randint<std::int32_t>({1024}, 0, 10);
  auto model = tg::compile<network>(tg::adam{.learning_rate = 1e-3f},
                                    tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                    tg::accuracy{});
  model.initialize(42);
  model.fit({x, y}, {.epochs = 5, .batch_size = 32});
  auto const [loss, accuracy] = model.evaluate({x, y});
  auto const logits = model.predict(x);
  std::printf("%f %f %zu\n", loss, accuracy, logits.shape(0));
}

// SPDX-License-Identifier: BSL-1.0
// What docs/keras_cheat_sheet.md shows of augmentation; built and run by the tests.
#include <typegrad/typegrad.hpp>

#include <cstdio>
#include <stdexcept>

namespace tg = typegrad;

using net = tg::sequential<
    tg::input<32, 32, 3>,
    tg::average_pooling2d<4>,
    tg::flatten,
    tg::dense<10>>;

struct noise {
  float deviation;
  void operator()(tg::augmented_sample const& sample, tg::sample_random& random) const {
    for (float& value : sample.values) value += deviation * random.bell();
  }
};

int main() {
  auto const shapes = tg::datasets::synthetic_shapes(1000, 100);
  auto model = tg::compile<net>(tg::adam{},
                                tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                tg::accuracy{});
  auto const history = model.fit(
      tg::augmented(shapes.train, tg::random_flip{tg::flip::horizontal},
                    tg::random_translation{.height_factor = 0.1f, .width_factor = 0.1f},
                    tg::random_shift{.pixels = 4}, noise{0.01f}),
      {.epochs = 3, .validation_data = shapes.test, .verbose = false});
  std::printf("loss %.3f -> %.3f\n", history["loss"].front(), history["loss"].back());

  // Options that make no sense for the data are a sentence.
  try {
    model.fit(tg::augmented(shapes.train, tg::random_shift{.pixels = 40}));
    return 1;
  } catch (std::invalid_argument const& error) {
    std::printf("%s\n", error.what());
  }
  return history["loss"].back() < history["loss"].front() ? 0 : 1;
}

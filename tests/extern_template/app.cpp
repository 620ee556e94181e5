// SPDX-License-Identifier: BSL-1.0
// What is built again and again: it trains and predicts as any program, and has no kernels.
#include "net.hpp"

#include <cstdint>
#include <cstdio>

int main() {
  xt::xtensor<float, 3> const x = xt::random::rand<float>({256, 8, 8});
  xt::xtensor<std::int32_t, 1> const y = xt::random::randint<std::int32_t>({256}, 0, 10);

  auto model = tg::compile<classifier>(tg::adam{.learning_rate = 1e-2f},
                                       tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                       tg::accuracy{});
  auto const history = model.fit({x, y}, {.epochs = 20, .batch_size = 32, .verbose = false});
  model.save_weights("net.safetensors");

  tg::predictor<classifier> again;
  again.load_weights("net.safetensors");
  auto const logits = again.predict(x);
  std::printf("loss %.3f -> %.3f\n", history["loss"].front(), history["loss"].back());
  bool const learned = history["loss"].back() < history["loss"].front();
  return learned && logits == model.predict(x) ? 0 : 1;
}

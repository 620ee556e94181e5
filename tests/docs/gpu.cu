// SPDX-License-Identifier: BSL-1.0
// What docs/gpu.md shows.
#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<20>, tg::dense<64, tg::relu>, tg::dense<1>>;

int main() {
  xt::xtensor<float, 2> const x = xt::random::randn<float>({4096, 20});
  xt::xtensor<float, 2> const y = xt::sum(xt::square(x), {1}, xt::keep_dims) / 20.f;

  auto model = tg::compile<net, tg::on<tg::thrust>>(tg::adam{}, tg::mean_squared_error{});
  auto const history = model.fit({x, y}, {.epochs = 5, .batch_size = 128});
  model.save("on_the_gpu.safetensors");

  tg::predictor<net> on_the_cpu;
  on_the_cpu.copy_weights(model);
  bool const same = xt::allclose(on_the_cpu.predict(x), model.predict(x), 1e-3, 1e-3);
  return same && history["loss"].back() < history["loss"].front() ? 0 : 1;
}

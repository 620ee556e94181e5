// SPDX-License-Identifier: BSL-1.0
// What the programs here do with their model: train, evaluate and predict, or with
// TYPEGRAD_BENCH_INFERENCE only predict. By nvcc they do it on the GPU.
#pragma once

#include <typegrad/typegrad.hpp>
#ifdef __CUDACC__
#include <typegrad/cuda.hpp>
#endif

#include <cstdint>
#include <cstdio>

namespace tg = typegrad;

#ifdef __CUDACC__
using machine = tg::on<tg::thrust>;
#else
using machine = tg::on<tg::cpu>;
#endif

template <class Net, class Samples>
int use(Samples const& x) {
#ifdef TYPEGRAD_BENCH_INFERENCE
  tg::predictor<Net, machine> model;
#else
  xt::xtensor<std::int32_t, 1> const y = xt::zeros<std::int32_t>({x.shape(0)});
  auto model = tg::compile<Net, machine>(tg::adam{.learning_rate = 1e-3f},
                                         tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                         tg::accuracy{});
  model.fit({x, y}, {.epochs = 1, .batch_size = 32, .verbose = false});
  auto const [loss, accuracy] = model.evaluate({x, y});
  std::printf("loss %f, accuracy %f\n", loss, accuracy);
#endif
  auto const logits = model.predict(x);
  std::printf("%zu samples, the first is %f\n", logits.shape(0), static_cast<double>(logits(0, 0)));
  return 0;
}

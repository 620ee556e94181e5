// SPDX-License-Identifier: BSL-1.0
// The network of ../lenet.cpp in tiny-dnn: trained and predicted with, or with
// TYPEGRAD_BENCH_INFERENCE only predicted with.
#include <tiny_dnn/tiny_dnn.h>

#include <cstdio>
#include <vector>

int main() {
  using namespace tiny_dnn;
  network<sequential> model;
  using activation::softmax;
  using activation::tan_h;
  model << convolutional_layer<tan_h>(28, 28, 5, 1, 6, padding::same)
        << average_pooling_layer<activation::identity>(28, 28, 6, 2)
        << convolutional_layer<tan_h>(14, 14, 5, 6, 16)
        << average_pooling_layer<activation::identity>(10, 10, 16, 2)
        << fully_connected_layer<tan_h>(5 * 5 * 16, 120) << fully_connected_layer<tan_h>(120, 84)
        << fully_connected_layer<softmax>(84, 10);
  std::vector<vec_t> const x(64, vec_t(28 * 28, 0.0F));
#ifndef TYPEGRAD_BENCH_INFERENCE
  std::vector<label_t> const y(x.size(), 0);
  adam optimizer;
  model.train<cross_entropy_multiclass>(optimizer, x, y, 32, 1);
#else
  model.init_weight();
#endif
  std::printf("the first is %d\n", static_cast<int>(model.predict_label(x[0])));
}
